// `outer` has `middle` in it, which has `inner` in it; all of the time is spent in `inner`, two thirds of it for `twice`.
#include "shares.h"

static inline __attribute__((always_inline)) void inner(double seconds) { spend(seconds); }
static inline __attribute__((always_inline)) void middle(double seconds) { inner(seconds); shares_sink++; }

KEEP void once(void) { middle(0.5); shares_sink++; }
KEEP void twice(void) { middle(1.0); shares_sink++; }

int main(void) {
    once();
    twice();
    return 0;
}
