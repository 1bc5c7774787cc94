// confined WAY FOLDER: changes what it sees of the machine, then works for a second, half of it in a fork, or executes a program
// that nobody outside can see under its name.
#include "shares.h"
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

KEEP void inside(void) { spend(0.5); shares_sink++; }
KEEP void inside_fork(void) { spend(0.5); shares_sink++; }

static int confine(const char *way, const char *folder) {
    if (strncmp(way, "chroot", 6) == 0) return chroot(folder) || chdir("/");
    if (strcmp(way, "namespaces") == 0) return unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
    if (strcmp(way, "user") == 0) return unshare(CLONE_NEWUSER | CLONE_NEWPID);
    return -1;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    if (confine(arguments[1], arguments[2]) != 0) {
        fprintf(stderr, "%s: %s\n", arguments[1], strerror(errno));
        return 77;
    }
    if (strcmp(arguments[1], "chroot and exec") == 0) {
        execl("/only/inside", "inside", (char *)NULL);
        perror("exec");
        return 1;
    }
    inside();
    pid_t child = fork();
    if (child == 0) {
        inside_fork();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    return 0;
}
