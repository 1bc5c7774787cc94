// The same 400 MB through each function of the malloc family.
#include "shares.h"
#include <malloc.h>

#define TOTAL 400000000L
#define SIZE 4000L

static inline __attribute__((always_inline)) void drop(void *block) {
    pace(SIZE);
    __asm__ volatile("" : : "r"(block) : "memory");
    free(block);
}

KEEP void by_malloc(void) { for (long left = TOTAL; left > 0; left -= SIZE) drop(malloc(SIZE)); shares_sink++; }
KEEP void by_calloc(void) { for (long left = TOTAL; left > 0; left -= SIZE) drop(calloc(SIZE / 8, 8)); shares_sink++; }
KEEP void by_realloc(void) { for (long left = TOTAL; left > 0; left -= SIZE) drop(realloc(NULL, SIZE)); shares_sink++; }
KEEP void by_reallocarray(void) { for (long left = TOTAL; left > 0; left -= SIZE) drop(reallocarray(NULL, SIZE / 8, 8)); shares_sink++; }
KEEP void by_aligned_alloc(void) { for (long left = TOTAL; left > 0; left -= 4096) drop(aligned_alloc(64, 4096)); shares_sink++; }
KEEP void by_posix_memalign(void) {
    for (long left = TOTAL; left > 0; left -= SIZE) {
        void *block = NULL;
        if (posix_memalign(&block, 64, SIZE) == 0) drop(block);
    }
    shares_sink++;
}
KEEP void by_memalign(void) { for (long left = TOTAL; left > 0; left -= SIZE) drop(memalign(64, SIZE)); shares_sink++; }
KEEP void by_strdup(const char *text) { for (long left = TOTAL; left > 0; left -= SIZE) drop(strdup(text)); shares_sink++; }

int main(void) {
    char text[SIZE];
    memset(text, 'x', SIZE - 1);
    text[SIZE - 1] = 0;
    by_malloc();
    by_calloc();
    by_realloc();
    by_reallocarray();
    by_aligned_alloc();
    by_posix_memalign();
    by_memalign();
    by_strdup(text);
    return 0;
}
