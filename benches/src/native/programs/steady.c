// steady MILLIONS: allocates a block of 1,000 bytes after every ten microseconds of work, so many million steps of it in all:
// 100 MB a second, which is what the makers of ddprof measure with. Says what CPU time that took.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile uint64_t sink;

static __attribute__((noinline)) void request(void) {
    uint64_t state = sink | 1;
    for (int step = 0; step < 7000; step++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    char *block = malloc(1000);
    block[0] = (char)state;
    sink = state + (uint64_t)block[0];
    free(block);
}

int main(int count, char **arguments) {
    long requests = (count > 1 ? atol(arguments[1]) : 1000) * 1000000 / 7000;
    for (long request_number = 0; request_number < requests; request_number++) request();
    struct timespec cpu;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    printf("cpu_ns %lld\n", (long long)cpu.tv_sec * 1000000000LL + cpu.tv_nsec);
    return 0;
}
