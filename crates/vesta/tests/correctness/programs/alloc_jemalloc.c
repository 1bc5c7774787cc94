// jemalloc's own functions: `by_mallocx` allocates twice as much as `by_malloc`.
#include "shares.h"
#include <jemalloc/jemalloc.h>

KEEP void by_mallocx(void) {
    for (long left = 1000000000; left > 0; left -= 10000) {
        pace(15000);
        void *block = mallocx(5000, MALLOCX_ALIGN(64));
        block = rallocx(block, 10000, 0);
        __asm__ volatile("" : : "r"(block) : "memory");
        if (left % 20000 == 0) dallocx(block, 0);
        else sdallocx(block, 10000, 0);
    }
    shares_sink++;
}

KEEP void by_malloc(void) {
    for (long left = 750000000; left > 0; left -= 10000) {
        pace(10000);
        void *block = malloc(10000);
        __asm__ volatile("" : : "r"(block) : "memory");
        free(block);
    }
    shares_sink++;
}

int main(void) {
    by_mallocx();
    by_malloc();
    return 0;
}
