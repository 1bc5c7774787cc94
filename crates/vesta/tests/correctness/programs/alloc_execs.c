// Executes itself after it has allocated 500 MB, and then allocates 1 GB. With an argument, it says that it is ready and waits
// for a byte before, and says that it is done and waits for one after.
#include "shares.h"

static inline __attribute__((always_inline)) void allocate(long left) {
    for (; left > 0; left -= 10000) {
        pace(10000);
        char *block = malloc(10000);
        __asm__ volatile("" : : "r"(block) : "memory");
        free(block);
    }
}

KEEP void before(void) { allocate(500000000); shares_sink++; }
KEEP void after(void) { allocate(1000000000); shares_sink++; }

int main(int count, char **arguments) {
    int asks = count > 1 && strncmp(arguments[1], "ask", 3) == 0;
    if (count > 1 && strstr(arguments[1], "again")) {
        after();
        if (asks) wait_for_a_byte("done\n");
        return 0;
    }
    if (asks) wait_for_a_byte("ready\n");
    before();
    execl("/proc/self/exe", "alloc_execs", asks ? "ask again" : "again", (char *)NULL);
    return 127;
}
