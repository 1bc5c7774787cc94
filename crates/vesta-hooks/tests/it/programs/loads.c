// Loads a library in the way that is asked for and lets it allocate, many times: each time at another address.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char *path;

static int load(void) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        puts(dlerror());
        return 1;
    }
    void (*allocates)(void) = (void (*)(void))dlsym(library, "library_allocates");
    if (allocates == NULL) return 2;
    allocates();
    return dlclose(library);
}

int main(int count, char **arguments) {
    if (count < 2) return 9;
    path = arguments[1];
    for (int i = 0; i < 50; i++)
        if (load() != 0) return 3;
    return dlopen("libthat-does-not-exist.so", RTLD_NOW) != NULL || dlopen("/nor/this.so", RTLD_NOW) != NULL;
}
