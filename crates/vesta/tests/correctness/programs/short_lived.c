// short_lived COUNT: so many processes, one after the other, each of which executes this program again and lives for 15 ms
// of CPU time.
#include "shares.h"
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

KEEP void short_work(void) { spend(0.015); shares_sink++; }

int main(int count, char **arguments) {
    if (count < 2) {
        short_work();
        return 0;
    }
    for (int left = atoi(arguments[1]); left > 0; left--) {
        char *again[] = {arguments[0], NULL};
        pid_t child;
        if (posix_spawn(&child, arguments[0], NULL, NULL, again, environ) != 0) return 1;
        waitpid(child, NULL, 0);
    }
    return 0;
}
