// What daemons do: forks twice, closes every descriptor that it knows nothing of, and works on while its parent is gone.
#include "shares.h"
#include <sys/stat.h>
#include <sys/wait.h>

KEEP void in_background(void) {
    for (int block = 0; block < 20000; block++) {
        char *memory = malloc(10000);
        __asm__ volatile("" : : "r"(memory) : "memory");
        free(memory);
    }
    spend(0.7);
    shares_sink++;
}

int main(int count, char **arguments) {
    if (count < 2) return 2;
    pid_t child = fork();
    if (child == 0) {
        setsid();
        if (fork() != 0) _exit(0);
        for (int descriptor = 3; descriptor < 4096; descriptor++) close(descriptor);
        in_background();
        FILE *done = fopen(arguments[1], "w");
        if (done) fclose(done);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    return 0;
}
