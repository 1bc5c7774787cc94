// Runs itself in the way that is asked for, and allocates as the one that was run.
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int wait_for(pid_t child) {
    int status;
    if (waitpid(child, &status, 0) != child) return 9;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 8;
}

// Ours must not be in what the program sees, whatever was run.
static int clean(void) {
    for (char **entry = environ; *entry; entry++)
        if (strncmp(*entry, "VESTA_HOOKS", 11) == 0 || strncmp(*entry, "LD_PRELOAD", 10) == 0) return 0;
    return getenv("VESTA_HOOKS") == NULL && getenv("LD_PRELOAD") == NULL;
}

int main(int count, char **arguments) {
    char *self = "/proc/self/exe", path[4096];
    ssize_t length = readlink(self, path, sizeof path - 1);
    if (length < 0 || count < 2 || !clean()) return 7;
    path[length] = 0;
    char *how = arguments[1];
    char *leaf[] = {path, "leaf", NULL};
    char command[5000];
    snprintf(command, sizeof command, "%s leaf", path);
    if (strcmp(how, "leaf") == 0) {
        volatile char *block = malloc(1234567);
        block[0] = 1;
        free((void *)block);
        if (getenv("FAMILY") == NULL) return 6;
        return 0;
    }
    if (strcmp(how, "posix_spawn") == 0 || strcmp(how, "posix_spawnp") == 0) {
        pid_t child;
        int error = how[11] ? posix_spawnp(&child, path, NULL, NULL, leaf, environ)
                            : posix_spawn(&child, path, NULL, NULL, leaf, environ);
        return error ? 5 : wait_for(child) || !clean();
    }
    if (strcmp(how, "system") == 0) return system(command) || !clean();
    if (strcmp(how, "popen") == 0) {
        FILE *pipe = popen(command, "r");
        return pipe == NULL || pclose(pipe) || !clean();
    }
    pid_t child = strcmp(how, "vfork") == 0 ? vfork() : fork();
    if (child == 0) {
        if (strcmp(how, "vfork") == 0) execve(path, leaf, environ), _exit(4);
        if (strcmp(how, "fork") == 0) {
            // Without exec: the child allocates itself, and its own child by a system call that nobody hooks.
            volatile char *block = malloc(1234567);
            block[0] = 1;
            free((void *)block);
            pid_t grandchild = syscall(SYS_clone, 17, 0, 0, 0, 0);
            if (grandchild == 0) {
                block = malloc(1234568);
                block[0] = 1;
                _exit(0);
            }
            exit(wait_for(grandchild));
        }
        if (strcmp(how, "execve") == 0) execve(path, leaf, environ);
        if (strcmp(how, "execv") == 0) execv(path, leaf);
        if (strcmp(how, "execvp") == 0) execvp(path, leaf);
        if (strcmp(how, "execvpe") == 0) execvpe(path, leaf, environ);
        if (strcmp(how, "execveat") == 0) syscall(SYS_getpid), execveat(AT_FDCWD, path, leaf, environ, 0);
        if (strcmp(how, "fexecve") == 0) fexecve(open(path, O_RDONLY | O_CLOEXEC), leaf, environ);
        if (strcmp(how, "execl") == 0) execl(path, path, "leaf", "a", "b", "c", "d", "e", "f", "g", NULL);
        if (strcmp(how, "execlp") == 0) execlp(path, path, "leaf", NULL);
        if (strcmp(how, "execle") == 0) execle(path, path, "leaf", "a", "b", "c", "d", "e", NULL, environ);
        if (strcmp(how, "fails") == 0) {
            execve("/nothing", leaf, environ);
            execv("/nothing", leaf);
            execl("/nothing", "nothing", "a", "b", "c", "d", "e", "f", "g", NULL);
            execlp("nothing-of-this-name", "nothing", NULL);
            execle("/nothing", "nothing", NULL, environ);
            if (system("exit 3") >> 8 != 3 || !clean()) _exit(3);
            volatile char *block = malloc(1234567);
            block[0] = 1;
            exit(0);
        }
        _exit(4);
    }
    return wait_for(child) || !clean();
}
