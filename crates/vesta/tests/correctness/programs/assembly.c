// Loops in assembly, called from C: a second in `described`, half a second in `bare`.
#include "shares.h"

void described(uint64_t count);
void bare(uint64_t count);

KEEP void with_information(void) {
    double end = thread_seconds() + 1.0;
    while (thread_seconds() < end) described(200000);
    shares_sink++;
}
KEEP void without_information(void) {
    double end = thread_seconds() + 0.5;
    while (thread_seconds() < end) bare(200000);
    shares_sink++;
}

int main(void) {
    with_information();
    without_information();
    return 0;
}
