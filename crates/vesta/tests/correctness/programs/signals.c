// Interrupted by signals while it works: half of the time of `work` is spent by the handler.
#include "shares.h"
#include <signal.h>
#include <sys/time.h>

static volatile double handled;

KEEP void on_signal(int number) {
    (void)number;
    spend(0.005);
    handled += 0.005;
}

KEEP void work(void) {
    while (handled < 1.0) burn();
    shares_sink++;
}

int main(void) {
    struct sigaction action = {0};
    action.sa_handler = on_signal;
    sigaction(SIGPROF, &action, NULL);
    // Every 10 ms of CPU time, of which the handler takes 5.
    struct itimerval timer = {{0, 10000}, {0, 10000}};
    setitimer(ITIMER_PROF, &timer, NULL);
    work();
    return 0;
}
