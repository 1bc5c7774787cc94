// Two places that allocate three and one parts of the bytes, in sizes that differ much. Prints where they are.
#include <stdio.h>
#include <stdlib.h>

static unsigned long state = 1;
static unsigned long next(void) {
    state = state * 6364136223846793005ul + 1442695040888963407ul;
    return state >> 33;
}

// The first place allocates many small pieces, the other few large ones: 3:1.
__attribute__((noinline)) void *many(void) {
    void *block = malloc(64 + next() % 897);
    __asm__ volatile("" : "+r"(block));
    return block;
}
__attribute__((noinline)) void *few(void) {
    void *block = malloc(1000000);
    __asm__ volatile("" : "+r"(block));
    return block;
}

int main(void) {
    unsigned long long bytes[2] = {0, 0};
    printf("%p %p\n", (void *)many, (void *)few);
    for (long round = 0; round < 1500; round++) {
        state = round + 1;
        for (long i = 0; i < 5860; i++) free(many());
        free(few());
    }
    for (long round = 0; round < 1500; round++) {
        state = round + 1;
        for (long i = 0; i < 5860; i++) bytes[0] += 64 + next() % 897;
        bytes[1] += 1000000;
    }
    printf("%llu %llu\n", bytes[0], bytes[1]);
    return 0;
}
