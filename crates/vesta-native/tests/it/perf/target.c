// What the tests of the sampler look at. Usage: target MODE NUMBERS...
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static volatile uint64_t sink;

// Burns CPU time of the calling thread.
static void __attribute__((noinline)) burn(uint64_t milliseconds) {
  uint64_t end = now(CLOCK_THREAD_CPUTIME_ID) + milliseconds * 1000000;
  while (now(CLOCK_THREAD_CPUTIME_ID) < end)
    for (int i = 0; i < 20000; i++) sink += i * sink;
}

static void *burn_thread(void *milliseconds) {
  burn((uintptr_t)milliseconds);
  return 0;
}

static void sleep_us(uint64_t microseconds) {
  struct timespec time = {microseconds / 1000000, microseconds % 1000000 * 1000};
  nanosleep(&time, 0);
}

// For how long the thread was ready and had no CPU, as the kernel counts it.
static __thread int statistics = -1;
static uint64_t delay(void) {
  char text[128] = {0};
  if (statistics < 0) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", gettid());
    statistics = open(path, O_RDONLY);
  }
  unsigned long long delay = 0;
  if (pread(statistics, text, sizeof text - 1, 0) > 0) sscanf(text, "%*u %llu", &delay);
  return delay;
}

// Both wait, and count for how long they are blocked, and for how long they are ready after it. The assembly keeps the calls from becoming jumps.
static uint64_t short_ns, long_ns, short_ready_ns, long_ready_ns;
static void __attribute__((noinline)) short_wait(uint64_t microseconds) {
  uint64_t delayed = delay(), start = now(CLOCK_MONOTONIC);
  sleep_us(microseconds);
  uint64_t end = now(CLOCK_MONOTONIC);
  delayed = delay() - delayed;
  __atomic_fetch_add(&short_ns, end - start - delayed, __ATOMIC_RELAXED);
  __atomic_fetch_add(&short_ready_ns, delayed, __ATOMIC_RELAXED);
  __asm__ volatile("");
}
static void __attribute__((noinline)) long_wait(uint64_t microseconds) {
  uint64_t delayed = delay(), start = now(CLOCK_MONOTONIC);
  sleep_us(microseconds);
  uint64_t end = now(CLOCK_MONOTONIC);
  delayed = delay() - delayed;
  __atomic_fetch_add(&long_ns, end - start - delayed, __ATOMIC_RELAXED);
  __atomic_fetch_add(&long_ready_ns, delayed, __ATOMIC_RELAXED);
  __asm__ volatile("");
}

static long waits[2];
static volatile int waits_end;
static void *wait_thread(void *number) {
  unsigned seed = (uintptr_t)number;
  while (!waits_end) {
    for (int i = rand_r(&seed) % 150 + 25; i > 0 && !waits_end; i--) short_wait(waits[0]);
    long_wait(waits[1]);
  }
  return 0;
}

static void *sleeper(void *seconds) {
  sleep_us((uintptr_t)seconds * 1000000);
  return 0;
}

int main(int count, char **arguments) {
  const char *mode = count > 1 ? arguments[1] : "";
  long first = count > 2 ? atol(arguments[2]) : 0;
  long second = count > 3 ? atol(arguments[3]) : 0;
  long third = count > 4 ? atol(arguments[4]) : 0;
  if (!strcmp(mode, "burn")) {
    burn(first);
  } else if (!strcmp(mode, "tree")) {
    // `first` children burn `second` ms each; every other one in a program of its own and in a thread of its own.
    for (long i = 0; i < first; i++) {
      pid_t child = fork();
      if (child == 0) {
        if (i % 2 == 0) {
          execl("/proc/self/exe", "tree-child", "threaded", "1", arguments[3], (char *)0);
          _exit(1);
        }
        burn(second);
        _exit(0);
      }
    }
    while (wait(0) > 0 || errno == EINTR) {}
  } else if (!strcmp(mode, "threaded")) {
    pthread_t threads[64];
    if (first > 64) first = 64;
    for (long i = 0; i < first; i++) pthread_create(&threads[i], 0, burn_thread, (void *)second);
    for (long i = 0; i < first; i++) pthread_join(threads[i], 0);
  } else if (!strcmp(mode, "churn")) {
    // A generation of `first` threads after the other, each burning `second` ms, until standard input is closed. Says how
    // much CPU time was used since the first byte came.
    printf("ready\n"), fflush(stdout);
    char byte;
    uint64_t start = 0;
    pthread_t threads[64];
    if (first > 64) first = 64;
    for (;;) {
      for (long i = 0; i < first; i++) pthread_create(&threads[i], 0, burn_thread, (void *)second);
      for (long i = 0; i < first; i++) pthread_join(threads[i], 0);
      fd_set set;
      FD_ZERO(&set);
      FD_SET(0, &set);
      struct timeval zero = {0, 0};
      if (select(1, &set, 0, 0, &zero) > 0) {
        if (read(0, &byte, 1) <= 0) break;
        start = now(CLOCK_PROCESS_CPUTIME_ID);
        printf("marked\n"), fflush(stdout);
      }
    }
    printf("%llu\n", (unsigned long long)(now(CLOCK_PROCESS_CPUTIME_ID) - start));
  } else if (!strcmp(mode, "waits")) {
    // In each of `third` threads some hundred short waits of `first` us and a long one of `second` us, again and again,
    // until standard input is closed. The number varies, so that it has nothing to do with a period of samples.
    printf("ready %p %p\n", (void *)short_wait, (void *)long_wait), fflush(stdout);
    pthread_t threads[64];
    if (third > 64) third = 64;
    waits[0] = first, waits[1] = second;
    for (long i = 0; i < third; i++) pthread_create(&threads[i], 0, wait_thread, (void *)(i + 1));
    char byte;
    while (read(0, &byte, 1) > 0) {}
    waits_end = 1;
    for (long i = 0; i < third; i++) pthread_join(threads[i], 0);
    printf("%llu %llu %llu %llu\n", (unsigned long long)short_ns, (unsigned long long)long_ns,
           (unsigned long long)short_ready_ns, (unsigned long long)long_ready_ns);
  } else if (!strcmp(mode, "switches")) {
    // As many switches a second as two threads can do: a byte goes to and fro.
    int there[2], back[2];
    char byte = 0;
    if (pipe(there) || pipe(back)) return 1;
    if (fork() == 0) {
      close(there[1]);
      while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1) {}
      _exit(0);
    }
    uint64_t begin = now(CLOCK_MONOTONIC);
    for (long i = 0; i < first; i++)
      if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) return 1;
    printf("%llu\n", (unsigned long long)(now(CLOCK_MONOTONIC) - begin));
    close(there[1]);
    wait(0);
  } else if (!strcmp(mode, "sleepers")) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    pthread_t thread;
    for (long i = 0; i < first; i++) pthread_create(&thread, &attributes, sleeper, (void *)second);
    printf("ready\n"), fflush(stdout);
    char byte;
    while (read(0, &byte, 1) > 0) {}
  } else {
    return 2;
  }
  return 0;
}
