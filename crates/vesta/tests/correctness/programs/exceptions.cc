// Throws through a few frames, over and over, for a second.
#include "shares.h"
#include <stdexcept>
#include <string>

struct Guard {
    ~Guard() { shares_sink = shares_sink + 1; }
};

KEEP void thrower(int depth) {
    Guard guard;
    if (depth == 0) throw std::runtime_error("as planned");
    thrower(depth - 1);
    shares_sink = shares_sink + 1;
}

KEEP void catcher() {
    double end = thread_seconds() + 1.0;
    while (thread_seconds() < end) {
        for (int time = 0; time < 10; time++) {
            try {
                thrower(8);
            } catch (const std::exception &) {
                shares_sink = shares_sink + 1;
            }
        }
    }
}

int main() {
    catcher();
    return 0;
}
