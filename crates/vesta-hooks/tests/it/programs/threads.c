// A thousand threads, each of which allocates once, first thing; some end by pthread_exit, some are cancelled.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_barrier_t barrier;
static int cleaned;

static void clean(void *argument) {
    (void)argument;
    __atomic_fetch_add(&cleaned, 1, __ATOMIC_SEQ_CST);
}

static void *work(void *argument) {
    volatile unsigned long marker = 0x5566778899aabbcc;
    char *block = malloc(70000);
    block[0] = 1;
    free(block);
    if (marker != 0x5566778899aabbcc) abort();
    long number = (long)argument;
    if (number % 10 == 0) pthread_exit((void *)1);
    if (number % 10 == 1) {
        pthread_cleanup_push(clean, NULL);
        for (;;) pause();
        pthread_cleanup_pop(0);
    }
    return NULL;
}

int main(void) {
    pthread_t threads[1000];
    (void)barrier;
    for (long i = 0; i < 1000; i++) {
        if (pthread_create(&threads[i], NULL, work, (void *)i) != 0) return 2;
        if (i % 10 == 1) pthread_cancel(threads[i]);
        if (i % 100 == 99)
            for (long j = i - 99; j <= i; j++) {
                void *result;
                if (pthread_join(threads[j], &result) != 0) return 3;
                if (j % 10 == 0 && result != (void *)1) return 4;
                if (j % 10 == 1 && result != PTHREAD_CANCELED) return 5;
            }
    }
    return cleaned == 100 ? 0 : 6;
}
