// Forks from one thread while others allocate without pause: nothing of a profiler may be locked in the child.
#include "shares.h"
#include <pthread.h>
#include <sys/wait.h>

static volatile int is_over;

KEEP void *allocating(void *nothing) {
    while (!is_over) {
        char *memory = malloc(3000);
        __asm__ volatile("" : : "r"(memory) : "memory");
        free(memory);
    }
    return nothing;
}

KEEP void in_fork(void) {
    for (int block = 0; block < 3000; block++) {
        char *memory = malloc(3000);
        __asm__ volatile("" : : "r"(memory) : "memory");
        free(memory);
    }
}

int main(void) {
    pthread_t threads[3];
    for (int thread = 0; thread < 3; thread++) pthread_create(&threads[thread], NULL, allocating, NULL);
    for (int round = 0; round < 300; round++) {
        pid_t child = fork();
        if (child == 0) {
            in_fork();
            _exit(0);
        }
        int status;
        if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) return 1;
    }
    is_over = 1;
    for (int thread = 0; thread < 3; thread++) pthread_join(threads[thread], NULL);
    return 0;
}
