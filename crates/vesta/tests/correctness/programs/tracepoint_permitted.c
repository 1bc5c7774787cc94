// Ends with 0 if this user may sample what the kernel's scheduler does with a process of its own.
#include "shares.h"
#include <linux/perf_event.h>
#include <sys/syscall.h>

int main(void) {
    struct perf_event_attr attributes = {0};
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.config = PERF_COUNT_SW_CONTEXT_SWITCHES;
    attributes.sample_period = 1;
    if (syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0) < 0) {
        fprintf(stderr, "context switches with the kernel: %s", strerror(errno));
        return 1;
    }
    return 0;
}
