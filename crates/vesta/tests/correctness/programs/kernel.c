// Has the kernel fill memory with zeros for a second: nearly all of it is spent there.
#include "shares.h"
#include <fcntl.h>

static char zeros[1 << 20];

KEEP void reading(int from) {
    double end = thread_seconds() + 1.0;
    while (thread_seconds() < end) {
        for (int time = 0; time < 50; time++) shares_sink += (uint64_t)read(from, zeros, sizeof zeros);
    }
}

int main(void) {
    int from = open("/dev/zero", O_RDONLY);
    if (from < 0) return 1;
    reading(from);
    return 0;
}
