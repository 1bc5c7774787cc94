// `sorts` sorts, with comparisons that spend the time. Before each time, other calls leave their return addresses where the
// sorting function has room on the stack that it does not fill.
#include "shares.h"

static int compare(const void *a, const void *b) {
    burn();
    return *(const int *)a - *(const int *)b;
}

KEEP int leaves_addresses(int depth) {
    volatile int room[2] = {depth, depth};
    return depth ? leaves_addresses(depth - 1) + room[depth & 1] : room[0];
}

KEEP void sorts(void) {
    int numbers[64];
    for (int at = 0; at < 64; at++) numbers[at] = at * 37 % 64;
    qsort(numbers, 64, sizeof *numbers, compare);
    shares_sink += numbers[5];
}

int main(void) {
    double end = thread_seconds() + 1;
    while (thread_seconds() < end) {
        shares_sink += leaves_addresses(40);
        sorts();
    }
    return 0;
}
