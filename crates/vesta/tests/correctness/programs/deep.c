// deep DEPTH: `leaf` spends a second below that many frames of `descend` (each of them of 16 bytes, or of WORDS*8 and more),
// `shallow` half a second right below `main`.
#include "shares.h"

KEEP void leaf(void) { spend(1.0); shares_sink++; }
KEEP void shallow(void) { spend(0.5); shares_sink++; }

KEEP int descend(int depth) {
#ifdef WORDS
    volatile uint64_t frame[WORDS];
    frame[0] = (uint64_t)depth;
#endif
    int below = 0;
    if (depth <= 1) {
        leaf();
    } else {
        below = descend(depth - 1);
    }
    return below ^ depth;
}

int main(int count, char **arguments) {
    shallow();
    return descend(count > 1 ? atoi(arguments[1]) : 1) == 0;
}
