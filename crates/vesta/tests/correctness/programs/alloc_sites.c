// alloc_sites THREADS: two places that allocate: `small` 1.5 GiB in blocks of 1000 bytes, `large` half of that in blocks of
// 50,000. Everything is freed at once.
#include "shares.h"
#include <pthread.h>

#define TOTAL 1500000000L
static long threads = 1;

KEEP void small(void) {
    for (long left = TOTAL / threads; left > 0; left -= 1000) {
        pace(1000);
        char *block = malloc(1000);
        block[0] = 1;
        __asm__ volatile("" : : "r"(block) : "memory");
        free(block);
    }
    shares_sink++;
}

KEEP void large(void) {
    for (long left = TOTAL / 2 / threads; left > 0; left -= 50000) {
        pace(50000);
        char *block = malloc(50000);
        block[0] = 1;
        __asm__ volatile("" : : "r"(block) : "memory");
        free(block);
    }
    shares_sink++;
}

KEEP void *both(void *nothing) {
    small();
    large();
    return nothing;
}

int main(int count, char **arguments) {
    if (count < 2) {
        both(NULL);
        return 0;
    }
    threads = atol(arguments[1]);
    pthread_t all[64];
    for (long thread = 0; thread < threads && thread < 64; thread++) pthread_create(&all[thread], NULL, both, NULL);
    for (long thread = 0; thread < threads && thread < 64; thread++) pthread_join(all[thread], NULL);
    return 0;
}
