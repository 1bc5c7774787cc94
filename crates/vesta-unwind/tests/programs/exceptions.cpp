// Exceptions through frames with destructors, caught and thrown again.
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <string>

static volatile long sink;
static void handler(int) { sink = sink + 1; }

struct Guard {
    long value;
    __attribute__((noinline)) ~Guard() { sink = sink + value; }
};

__attribute__((noinline)) static void deep(long n) {
    Guard guard{n};
    if (n == 0) throw std::runtime_error("deep");
    deep(n - 1);
    sink = sink + n;
}

__attribute__((noinline)) static long again(long n) {
    try {
        deep(n);
    } catch (const std::runtime_error &error) {
        sink = sink + static_cast<long>(std::strlen(error.what()));
        throw;
    }
    return n;
}

int main() {
    std::signal(SIGUSR1, handler);
    std::raise(SIGTRAP);
    std::raise(SIGUSR1);
    try {
        sink = sink + again(3);
    } catch (...) {
        sink = sink + 1;
    }
    return 0;
}
