// Four threads allocate, grow and free at random, also what others allocated; every tenth block of one place is kept.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define SLOTS 4096
static void *slots[SLOTS];
static long leaked;

static void *work(void *argument) {
    unsigned long state = (unsigned long)argument + 1;
    for (long i = 0; i < 100000; i++) {
        state = state * 6364136223846793005ul + 1442695040888963407ul;
        unsigned long random = state >> 33;
        void *block = malloc(100 + random % 3000);
        *(volatile char *)block = 1;
        if (random % 7 == 0) block = realloc(block, 200 + random % 5000);
        if (i % 1000 == 0) {
            char *leak = malloc(77777);
            ((volatile char *)leak)[0] = 1;
            __atomic_fetch_add(&leaked, 1, __ATOMIC_SEQ_CST);
        }
        free(__atomic_exchange_n(&slots[random % SLOTS], block, __ATOMIC_SEQ_CST));
    }
    return NULL;
}

int main(void) {
    pthread_t threads[4];
    for (long i = 0; i < 4; i++) pthread_create(&threads[i], NULL, work, (void *)i);
    for (long i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    for (long i = 0; i < SLOTS; i++) free(slots[i]);
    printf("%ld\n", leaked);
    return 0;
}
