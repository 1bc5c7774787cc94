// Opens a library, works in it, closes it, and opens another one, which the loader likes to put at the same place.
#include "shares.h"
#include <dlfcn.h>

KEEP int through(const char *library, const char *name) {
    void *handle = dlopen(library, RTLD_NOW);
    if (!handle) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    void (*function)(void) = (void (*)(void))dlsym(handle, name);
    function();
    return dlclose(handle);
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    int failures = through(arguments[1], "first_plugin");
    failures += through(arguments[2], "second_plugin");
    return failures;
}
