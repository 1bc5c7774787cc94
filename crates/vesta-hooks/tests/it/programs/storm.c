// Threads that allocate as fast as they can until they are killed, or for a while.
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static long rounds;

static void *work(void *argument) {
    unsigned long state = (unsigned long)argument + 1;
    for (long i = 0; rounds == 0 || i < rounds; i++) {
        state = state * 6364136223846793005ul + 1442695040888963407ul;
        volatile char *block = malloc(64 + (state >> 33) % 8000);
        block[0] = 1;
        free((void *)block);
    }
    return NULL;
}

int main(int count, char **arguments) {
    rounds = count > 1 ? atol(arguments[1]) : 0;
    pthread_t threads[3];
    for (long i = 0; i < 3; i++) pthread_create(&threads[i], NULL, work, (void *)i);
    if (rounds == 0) write(1, "x", 1);
    work((void *)3);
    for (long i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    return 0;
}
