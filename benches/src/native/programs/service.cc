// One of many services: wakes up some twenty times a second and works a millisecond, until its input ends. VARIANT makes
// the binary another one.
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <map>
#include <poll.h>
#include <string>

#ifndef VARIANT
#define VARIANT 0
#endif

static volatile uint64_t sink = VARIANT;

static __attribute__((noinline)) void request(uint64_t number) {
    std::map<std::string, uint64_t> headers;
    for (int header = 0; header < 20; header++) headers[std::to_string(number * 31 + header)] = number;
    uint64_t state = number | 1;
    for (int step = 0; step < 300000; step++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    sink = state + headers.size();
}

int main(int count, char **arguments) {
    int pause = count > 1 ? atoi(arguments[1]) : 50;
    pollfd input = {0, POLLIN | POLLHUP, 0};
    for (uint64_t number = VARIANT; poll(&input, 1, pause) == 0; number++) request(number);
    return 0;
}
