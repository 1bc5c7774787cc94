// vanishing PATH OTHER: removes its own binary, or puts another one in its place, and then works for a second: a third of
// it in `first_part`.
#include "shares.h"

KEEP void first_part(void) { spend(0.34); shares_sink++; }
KEEP void second_part(void) { spend(0.66); shares_sink++; }

int main(int count, char **arguments) {
    if (count < 2) return 2;
    if (count > 2 ? rename(arguments[2], arguments[1]) : unlink(arguments[1])) {
        perror("cannot");
        return 1;
    }
    first_part();
    second_part();
    return 0;
}
