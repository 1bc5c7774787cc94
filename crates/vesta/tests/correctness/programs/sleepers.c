// Waits without using the CPU: 100 ms at a time in `long_sleep`, 50 ms in `short_sleep`.
#include "shares.h"

KEEP void long_sleep(void) {
    struct timespec pause = {0, 100000000};
    nanosleep(&pause, NULL);
    shares_sink++;
}

KEEP void short_sleep(void) {
    struct timespec pause = {0, 50000000};
    nanosleep(&pause, NULL);
    shares_sink++;
}

int main(void) {
    for (int turn = 0; turn < 12; turn++) {
        long_sleep();
        short_sleep();
    }
    return 0;
}
