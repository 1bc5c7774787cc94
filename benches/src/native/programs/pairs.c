// pairs MILLIONS: so many million pairs of malloc and free, and nothing else. Says what CPU time a pair took.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int count, char **arguments) {
    long pairs = (count > 1 ? atol(arguments[1]) : 100) * 1000000;
    struct timespec start, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    for (long pair = 0; pair < pairs; pair++) {
        void *block = malloc(64);
        __asm__ volatile("" : : "r"(block) : "memory");
        free(block);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    printf("cpu_ns %lld\n", (end.tv_sec - start.tv_sec) * 1000000000LL + (end.tv_nsec - start.tv_nsec));
    return 0;
}
