// Waits without using the CPU: 300 ms at a time in `long_sleep`, 150 ms in `short_sleep`.
#include "shares.h"

KEEP void long_sleep(void) {
    struct timespec pause = {0, 300000000};
    nanosleep(&pause, NULL);
    shares_sink++;
}

KEEP void short_sleep(void) {
    struct timespec pause = {0, 150000000};
    nanosleep(&pause, NULL);
    shares_sink++;
}

int main(void) {
    for (int turn = 0; turn < 4; turn++) {
        long_sleep();
        short_sleep();
    }
    return 0;
}
