// Waits for locks as long as it is told, and measures that itself.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static long rounds, hold_us;
static unsigned long long waited[3];
// The other thread asks for the lock now: from here on it is held as long as it is told.
static volatile int is_asking;

static unsigned long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void hold(void) {
    unsigned long long end = now() + hold_us * 1000ull;
    while (now() < end) usleep(hold_us / 4 + 1);
}

static void *holder(void *argument) {
    (void)argument;
    for (long i = 0; i < rounds; i++) {
        for (int kind = 0; kind < 3; kind++) {
            if (kind == 0) pthread_mutex_lock(&mutex);
            else pthread_rwlock_wrlock(&rwlock);
            pthread_barrier_wait(&barrier);
            while (!is_asking) usleep(100);
            hold();
            if (kind == 0) pthread_mutex_unlock(&mutex);
            else pthread_rwlock_unlock(&rwlock);
            pthread_barrier_wait(&barrier);
        }
    }
    return NULL;
}

static void measure(void) {
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, holder, NULL);
    for (long i = 0; i < rounds; i++) {
        for (int kind = 0; kind < 3; kind++) {
            pthread_barrier_wait(&barrier);
            unsigned long long start = now();
            is_asking = 1;
            if (kind == 0) pthread_mutex_lock(&mutex);
            if (kind == 1) pthread_rwlock_rdlock(&rwlock);
            if (kind == 2) pthread_rwlock_wrlock(&rwlock);
            waited[kind] += now() - start;
            is_asking = 0;
            if (kind == 0) pthread_mutex_unlock(&mutex);
            else pthread_rwlock_unlock(&rwlock);
            pthread_barrier_wait(&barrier);
        }
    }
    pthread_join(thread, NULL);
    printf("%llu %llu %llu\n", waited[0], waited[1], waited[2]);
}

#define CHECK(what) do { int result_ = (what); if (!result_) { printf("line %d: %s\n", __LINE__, #what); exit(1); } } while (0)

static void *die(void *lock) {
    pthread_mutex_lock(lock);
    return NULL;
}

static void *unlock_later(void *lock) {
    (void)lock;
    return NULL;
}

static pthread_mutex_t make(int type, int robust, int protocol) {
    pthread_mutexattr_t attributes;
    pthread_mutex_t lock;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    if (robust) pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (protocol) pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    CHECK(pthread_mutex_init(&lock, &attributes) == 0);
    return lock;
}

static void semantics(void) {
    struct timespec soon, past = {1, 0};
    pthread_t thread;
    (void)unlock_later;
    for (int protocol = 0; protocol < 2; protocol++) {
        pthread_mutex_t checking = make(PTHREAD_MUTEX_ERRORCHECK, 0, protocol);
        CHECK(pthread_mutex_lock(&checking) == 0);
        CHECK(pthread_mutex_lock(&checking) == EDEADLK);
        CHECK(pthread_mutex_unlock(&checking) == 0);
        CHECK(pthread_mutex_unlock(&checking) == EPERM);
        pthread_mutex_t recursive = make(PTHREAD_MUTEX_RECURSIVE, 0, protocol);
        CHECK(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0);
        CHECK(pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0);
        CHECK(pthread_mutex_unlock(&recursive) == EPERM);
        pthread_mutex_t robust = make(PTHREAD_MUTEX_NORMAL, 1, protocol);
        pthread_create(&thread, NULL, die, &robust);
        pthread_join(thread, NULL);
        CHECK(pthread_mutex_lock(&robust) == EOWNERDEAD);
        CHECK(pthread_mutex_consistent(&robust) == 0);
        CHECK(pthread_mutex_unlock(&robust) == 0);
        CHECK(pthread_mutex_lock(&robust) == 0);
        CHECK(pthread_mutex_unlock(&robust) == 0);
        pthread_create(&thread, NULL, die, &robust);
        pthread_join(thread, NULL);
        CHECK(pthread_mutex_lock(&robust) == EOWNERDEAD);
        CHECK(pthread_mutex_unlock(&robust) == 0);
        CHECK(pthread_mutex_lock(&robust) == ENOTRECOVERABLE);
        pthread_mutex_t busy = make(PTHREAD_MUTEX_NORMAL, 0, protocol);
        pthread_create(&thread, NULL, die, &busy);
        pthread_join(thread, NULL);
        CHECK(pthread_mutex_timedlock(&busy, &past) == ETIMEDOUT);
        clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_nsec += 100000000;
        if (soon.tv_nsec >= 1000000000) soon.tv_sec++, soon.tv_nsec -= 1000000000;
        CHECK(pthread_mutex_timedlock(&busy, &soon) == ETIMEDOUT);
        pthread_mutex_t free_one = make(PTHREAD_MUTEX_NORMAL, 0, protocol);
        CHECK(pthread_mutex_timedlock(&free_one, &past) == 0);
    }
    CHECK(pthread_rwlock_wrlock(&rwlock) == 0);
    CHECK(pthread_rwlock_rdlock(&rwlock) == EDEADLK);
    CHECK(pthread_rwlock_wrlock(&rwlock) == EDEADLK);
    CHECK(pthread_rwlock_unlock(&rwlock) == 0);
    CHECK(pthread_rwlock_rdlock(&rwlock) == 0 && pthread_rwlock_rdlock(&rwlock) == 0);
    CHECK(pthread_rwlock_timedwrlock(&rwlock, &past) == ETIMEDOUT);
    CHECK(pthread_rwlock_timedrdlock(&rwlock, &past) == 0);
}

int main(int count, char **arguments) {
    if (count < 3) {
        semantics();
        return 0;
    }
    rounds = atol(arguments[1]);
    hold_us = atol(arguments[2]);
    measure();
    return 0;
}
