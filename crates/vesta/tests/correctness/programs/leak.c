// leak ROUNDS: every round keeps 80 MB (in blocks of 80,000 bytes, whose pages are never touched) and allocates and frees
// twice as much elsewhere, then says so and waits for a byte of input.
#include "shares.h"

#define BLOCK 80000
#define BLOCKS 1000

static void *kept[64 * BLOCKS];

KEEP void leaking(int round) {
    for (int block = 0; block < BLOCKS; block++) {
        pace(BLOCK);
        kept[round * BLOCKS + block] = malloc(BLOCK);
    }
    shares_sink++;
}

KEEP void churning(void) {
    for (int block = 0; block < 2 * BLOCKS; block++) {
        pace(BLOCK);
        char *memory = malloc(BLOCK);
        __asm__ volatile("" : : "r"(memory) : "memory");
        free(memory);
    }
    shares_sink++;
}

int main(int count, char **arguments) {
    int rounds = count > 1 ? atoi(arguments[1]) : 8;
    setvbuf(stdout, NULL, _IONBF, 0);
    for (int round = 0; round < rounds && round < 64; round++) {
        leaking(round);
        churning();
        printf("round\n");
        if (count > 2 && getchar() == EOF) break;
    }
    return 0;
}
