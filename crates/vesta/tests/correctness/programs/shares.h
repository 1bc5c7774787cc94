// What programs with known shares are made of: CPU time that is spent to the measure of the thread's own clock, so that
// shares hold on a busy machine as well.
#ifndef SHARES_H
#define SHARES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KEEP __attribute__((noinline, noclone, used))
#ifdef __clang__
#undef KEEP
#define KEEP __attribute__((noinline, used))
#endif

static volatile uint64_t shares_sink;

/// CPU time of this thread, in seconds.
static inline double thread_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/// Some hundred microseconds of work: long against what asking the clock costs in the kernel, where not everybody may look.
static inline __attribute__((always_inline)) void burn(void) {
    uint64_t state = shares_sink | 1;
    for (int step = 0; step < 50000; step++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    shares_sink = state;
}

/// Spends this much CPU time, in the function that it is written in.
static inline __attribute__((always_inline)) void spend(double seconds) {
    double end = thread_seconds() + seconds;
    while (thread_seconds() < end) {
        burn();
    }
}

/// Called with each allocation of `bytes`: works for half a millisecond per megabyte. Faster than that, nothing would happen
/// but sampling, and there would be thousands of samples in milliseconds.
static inline __attribute__((always_inline)) void pace(long bytes) {
    static __thread long since;
    since += bytes;
    if (since >= 1000000) {
        since -= 1000000;
        for (int time = 0; time < 5; time++) burn();
    }
}

// Says something, and goes on when it is told to.
static inline void wait_for_a_byte(const char *text) {
    char byte;
    if (write(1, text, strlen(text)) < 0 || read(0, &byte, 1) < 0) exit(1);
}

#endif
