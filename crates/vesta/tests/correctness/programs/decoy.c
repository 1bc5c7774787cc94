// Looks much like `vanishing`, with other names, and other things where those are.
#include "shares.h"

KEEP void wrong_part(void) { spend(0.34); shares_sink++; spend(0.1); shares_sink++; }
KEEP void wrong_second_part(void) { spend(0.66); shares_sink++; spend(0.1); shares_sink++; }

int main(int count, char **arguments) {
    (void)arguments;
    if (count < 2) return 2;
    wrong_part();
    wrong_second_part();
    return 0;
}
