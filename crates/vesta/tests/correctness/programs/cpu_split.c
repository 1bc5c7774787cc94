// One second in `a`, half a second in `b`, in turns that are long against the time between samples.
#include "shares.h"

KEEP void a(double seconds) { spend(seconds); shares_sink++; }
KEEP void b(double seconds) { spend(seconds); shares_sink++; }

int main(void) {
    for (int turn = 0; turn < 2; turn++) {
        a(0.5);
        b(0.25);
    }
    return 0;
}
