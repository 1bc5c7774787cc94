// spawner COUNT PROGRAM: runs that program so many times, says how far it is after each tenth of them and waits for a byte
// of input.
#include "shares.h"
#include <sys/wait.h>

/// vfork, in a function of its own: what the child writes to local variables the parent keeps.
KEEP pid_t run(const char *program) {
    pid_t child = vfork();
    if (child == 0) {
        execl(program, program, (char *)NULL);
        _exit(127);
    }
    return child;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    long total = atol(arguments[1]);
    setvbuf(stdout, NULL, _IONBF, 0);
    for (long number = 1; number <= total; number++) {
        pid_t child = run(arguments[2]);
        int status;
        if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) return 1;
        if (number % (total / 10) == 0) {
            printf("%ld\n", number);
            if (getchar() == EOF) return 1;
        }
    }
    return 0;
}
