// work MILLIONS: so many million steps of work below 24 frames of different sizes. Says what CPU time that took.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile uint64_t sink;

static __attribute__((noinline)) void leaf(uint64_t steps) {
    uint64_t state = sink | 1;
    for (uint64_t step = 0; step < steps; step++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    sink = state;
}

#define LEVEL(NAME, NEXT, BYTES)                                     \
    static __attribute__((noinline)) void NAME(uint64_t steps) {     \
        volatile char frame[BYTES];                                  \
        frame[0] = (char)steps;                                      \
        NEXT(steps);                                                 \
        sink += (uint64_t)frame[0];                                  \
    }

LEVEL(l23, leaf, 16) LEVEL(l22, l23, 200) LEVEL(l21, l22, 48) LEVEL(l20, l21, 32) LEVEL(l19, l20, 64) LEVEL(l18, l19, 500)
LEVEL(l17, l18, 16) LEVEL(l16, l17, 200) LEVEL(l15, l16, 48) LEVEL(l14, l15, 32) LEVEL(l13, l14, 64) LEVEL(l12, l13, 500)
LEVEL(l11, l12, 16) LEVEL(l10, l11, 200) LEVEL(l09, l10, 48) LEVEL(l08, l09, 32) LEVEL(l07, l08, 64) LEVEL(l06, l07, 500)
LEVEL(l05, l06, 16) LEVEL(l04, l05, 200) LEVEL(l03, l04, 48) LEVEL(l02, l03, 32) LEVEL(l01, l02, 64)

int main(int count, char **arguments) {
    uint64_t millions = count > 1 ? strtoull(arguments[1], NULL, 10) : 100;
    for (uint64_t million = 0; million < millions; million++) l01(1000000);
    struct timespec cpu;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    printf("cpu_ns %lld\n", (long long)cpu.tv_sec * 1000000000LL + cpu.tv_nsec);
    return 0;
}
