// Ends with 0 if this user may sample a process of its own, with the reason on standard error if not.
#include "shares.h"
#include <linux/perf_event.h>
#include <sys/syscall.h>

int main(void) {
    struct perf_event_attr attributes = {0};
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.config = PERF_COUNT_SW_TASK_CLOCK;
    attributes.sample_period = 10000000;
    attributes.exclude_kernel = 1;
    if (syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0) < 0) {
        fprintf(stderr, "perf_event_open: %s", strerror(errno));
        return 1;
    }
    return 0;
}
