// The parent allocates 1 GB, its fork half of that.
#include "shares.h"
#include <sys/wait.h>

static inline __attribute__((always_inline)) void allocate(long left) {
    for (; left > 0; left -= 10000) {
        pace(10000);
        char *block = malloc(10000);
        __asm__ volatile("" : : "r"(block) : "memory");
        free(block);
    }
}

KEEP void in_parent(void) { allocate(1000000000); shares_sink++; }
KEEP void in_child(void) { allocate(500000000); shares_sink++; }

int main(void) {
    free(malloc(10));
    pid_t child = fork();
    if (child == 0) {
        in_child();
        _exit(0);
    }
    in_parent();
    waitpid(child, NULL, 0);
    return 0;
}
