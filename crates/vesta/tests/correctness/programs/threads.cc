// Two threads with names; `loud` works twice as long as `quiet`.
#include "shares.h"
#include <pthread.h>
#include <thread>

namespace shop {
template <typename Number> struct Worker {
    KEEP static void work(Number seconds) { spend(seconds); shares_sink = shares_sink + 1; }
};
}

int main() {
    std::thread loud([] {
        pthread_setname_np(pthread_self(), "loud");
        shop::Worker<double>::work(1.0);
    });
    std::thread quiet([] {
        pthread_setname_np(pthread_self(), "quiet");
        shop::Worker<double>::work(0.5);
    });
    loud.join();
    quiet.join();
    return 0;
}
