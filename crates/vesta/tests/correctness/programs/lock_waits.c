// Somebody else holds a lock: 200 ms each time before `long_wait` gets it, 100 ms before `short_wait` does, from when it is
// asked for. With an argument, the lock is a rwlock asked for writing.
#include "shares.h"
#include <pthread.h>
#include <semaphore.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t held, asked;
static long hold_ns;
static int is_rwlock, is_over;
static volatile int is_asking;

static inline __attribute__((always_inline)) void acquire(void) {
    if (is_rwlock) pthread_rwlock_wrlock(&rwlock);
    else pthread_mutex_lock(&mutex);
}

static inline __attribute__((always_inline)) void release(void) {
    if (is_rwlock) pthread_rwlock_unlock(&rwlock);
    else pthread_mutex_unlock(&mutex);
}

KEEP void *holder(void *nothing) {
    for (;;) {
        sem_wait(&asked);
        if (is_over) return nothing;
        acquire();
        sem_post(&held);
        while (!is_asking) usleep(100);
        struct timespec pause = {0, hold_ns};
        nanosleep(&pause, NULL);
        release();
    }
}

static inline __attribute__((always_inline)) void wait_for(long ns) {
    hold_ns = ns;
    sem_post(&asked);
    sem_wait(&held);
    is_asking = 1;
    acquire();
    is_asking = 0;
    release();
}

KEEP void long_wait(void) { wait_for(200000000); shares_sink++; }
KEEP void short_wait(void) { wait_for(100000000); shares_sink++; }

int main(int count, char **arguments) {
    (void)arguments;
    is_rwlock = count > 1;
    sem_init(&held, 0, 0);
    sem_init(&asked, 0, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, holder, NULL);
    pthread_setname_np(thread, "holder");
    for (int turn = 0; turn < 6; turn++) {
        long_wait();
        short_wait();
    }
    is_over = 1;
    sem_post(&asked);
    pthread_join(thread, NULL);
    return 0;
}
