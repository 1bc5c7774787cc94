// A tree of processes: the parent spends half a second, its fork a whole one, and what the fork's fork executes half a
// second.
#include "shares.h"
#include <sys/wait.h>

KEEP void parent_work(void) { spend(0.5); shares_sink++; }
KEEP void child_work(void) { spend(1.0); shares_sink++; }
KEEP void grandchild_work(void) { spend(0.5); shares_sink++; }

int main(int count, char **arguments) {
    (void)arguments;
    if (count > 1) {
        grandchild_work();
        return 0;
    }
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            execl("/proc/self/exe", "tree", "grandchild", (char *)NULL);
            _exit(127);
        }
        child_work();
        waitpid(grandchild, NULL, 0);
        _exit(0);
    }
    parent_work();
    waitpid(child, NULL, 0);
    return 0;
}
