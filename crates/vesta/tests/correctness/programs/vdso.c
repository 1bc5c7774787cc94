// Asks for the time and does nothing else: most samples are in the vDSO.
#include "shares.h"

KEEP void ask(void) {
    struct timespec now;
    double end = thread_seconds() + 1.0;
    while (thread_seconds() < end) {
        for (int call = 0; call < 1000; call++) clock_gettime(CLOCK_MONOTONIC, &now);
    }
    shares_sink++;
}

int main(void) {
    ask();
    return 0;
}
