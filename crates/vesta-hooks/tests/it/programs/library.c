// A library that allocates when it is told, and when it is loaded.
#include <stdlib.h>

static char *kept;

__attribute__((constructor)) static void begin(void) {
    kept = malloc(500);
    kept[0] = 1;
}

void library_allocates(void) {
    volatile char *block = malloc(2345678);
    block[0] = 1;
    free((void *)block);
}
