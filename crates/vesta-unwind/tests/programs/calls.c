// A program with the shapes of frames that compilers make. Its leaves stop with SIGTRAP when STOP is given.
#define _GNU_SOURCE
#include <alloca.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
static volatile long sink;
static char alternate[64 << 10];

NOINLINE static long leaf(long n) {
    sink += n;
    return sink ^ n;
}
NOINLINE static long saves(long a, long b, long c, long d, long e, long f) {
    long x = leaf(a) + b, y = leaf(c) * d, z = leaf(e) - f;
    long u = leaf(x) + leaf(y), v = leaf(z) ^ leaf(x + y);
    return x + y + z + u * v + leaf(u);
}
NOINLINE static long recursive(long n) { return n ? recursive(n - 1) + leaf(n) : leaf(0); }
NOINLINE static long dynamic(long n) {
    char *bytes = alloca(n + 16);
    memset(bytes, (int)n, n + 16);
    long sum = leaf(bytes[n]);
    if (n > 20) sum += dynamic(n / 2);
    return sum + bytes[0];
}
NOINLINE static double aligned(double x) {
    _Alignas(64) volatile double values[16];
    for (int i = 0; i < 16; i++) values[i] = x * i;
    return values[leaf((long)x) & 15] + values[3];
}
NOINLINE static long aligned_dynamic(long n) {
    _Alignas(64) volatile long values[8];
    char *bytes = alloca(n);
    bytes[0] = 1;
    for (int i = 0; i < 8; i++) values[i] = leaf(i);
    return values[n & 7] + bytes[0];
}
NOINLINE static long large(long n) {
    volatile char bytes[20000];
    bytes[n] = 1;
    return leaf(bytes[n]) + n;
}
NOINLINE static long many(long a, long b, long c, long d, long e, long f, long g, long h, long i) {
    return leaf(a + b + c) + leaf(d + e + f) + leaf(g + h + i);
}
NOINLINE static long tail(long n) { return leaf(n + 1); }
NOINLINE static long branchy(long n) {
    if (n < 3) return n;
    long x = leaf(n);
    if (x & 1) x += saves(n, x, 3, 4, 5, 6);
    return x + branchy(n - 1);
}
static int compare(const void *a, const void *b) { return (int)leaf(*(const int *)a - *(const int *)b) & 1 ? 1 : -1; }
NOINLINE static void handler(int signal, siginfo_t *info, void *context) {
    (void)info, (void)context;
    sink += signal + leaf(3);
}
static void install(int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | flags;
    sigaction(SIGUSR1, &action, 0);
}

int main(int argc, char **argv) {
    long n = argc;
    install(0);
    raise(SIGUSR1);
    n += saves(1, 2, 3, 4, 5, n) + recursive(20) + dynamic(100) + (long)aligned(n) + aligned_dynamic(48);
    n += large(n & 1023) + many(1, 2, 3, 4, 5, 6, 7, 8, n) + tail(n) + branchy(9);
    int numbers[6] = {3, 1, 2, 6, 5, 4};
    qsort(numbers, 6, sizeof *numbers, compare);
    char text[64];
    snprintf(text, sizeof text, "%ld %f %s", n, (double)n, argv[0]);
    free(strdup(text));
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    sigaltstack(&stack, 0);
    install(SA_ONSTACK);
    raise(SIGUSR1);
    n += saves(1, 2, 3, 4, 5, n);
    sink = n;
    return 0;
}
