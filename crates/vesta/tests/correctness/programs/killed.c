// Works for half a second and then kills itself, the hard way.
#include "shares.h"
#include <signal.h>

KEEP void last_words(void) { spend(0.5); shares_sink++; }

int main(void) {
    last_words();
    kill(getpid(), SIGKILL);
    return 0;
}
