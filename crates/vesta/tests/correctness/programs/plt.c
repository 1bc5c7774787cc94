// Calls through the procedure linkage table and nothing else: many samples fall into its stubs.
#include "shares.h"

int tiny(int);

KEEP int often(void) {
    int sum = 0;
    double end = thread_seconds() + 1.0;
    while (thread_seconds() < end) {
        for (int call = 0; call < 5000; call++) sum += tiny(call);
    }
    return sum;
}

int main(void) {
    shares_sink = (uint64_t)often();
    return 0;
}
