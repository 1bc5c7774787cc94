// Allocates and frees more than a small ring holds, and then, when told so, once more.
#include <stdlib.h>
#include <unistd.h>

static void *blocks[2000];

int main(void) {
    char byte;
    for (int i = 0; i < 2000; i++) blocks[i] = malloc(1000);
    for (int i = 0; i < 2000; i++) free(blocks[i]);
    if (write(1, "x", 1) != 1 || read(0, &byte, 1) != 1) return 1;
    volatile char *block = malloc(99991);
    block[0] = 1;
    return 0;
}
