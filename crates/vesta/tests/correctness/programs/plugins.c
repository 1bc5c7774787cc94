// Opens a library, works in it, closes it, and opens another one, which the loader likes to put at the same place. With a
// third argument, it says that it is ready and waits for a byte before, and says that it is done and waits for one after.
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
    if (count > 3) wait_for_a_byte("ready\n");
    int failures = through(arguments[1], "first_plugin");
    failures += through(arguments[2], "second_plugin");
    if (count > 3) wait_for_a_byte("done\n");
    return failures;
}
