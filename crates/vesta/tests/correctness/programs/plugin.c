// A library whose one function is called NAME and spends SECONDS; it allocates BYTES besides, in blocks of 1000.
#include "shares.h"
#ifndef BYTES
#define BYTES 0
#endif

void NAME(void);
KEEP void NAME(void) {
    for (long left = BYTES; left > 0; left -= 1000) {
        pace(1000);
        char *block = malloc(1000);
        shares_sink += (uint64_t)(uintptr_t)block;
        free(block);
    }
    spend(SECONDS);
    shares_sink++;
}
