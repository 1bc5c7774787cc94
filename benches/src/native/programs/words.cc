// words ROUNDS: what programs do with memory: builds maps of strings, asks them, and throws them away.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <string>
#include <vector>

static uint64_t state = 88172645463325252ULL;
static uint64_t next() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static __attribute__((noinline)) size_t round_of_words() {
    std::map<std::string, std::vector<int>> places;
    for (int word = 0; word < 2000; word++) {
        std::string name = "a word that does not fit into a string itself " + std::to_string(next() % 500);
        places[name].push_back(word);
    }
    size_t sum = 0;
    for (const auto &[name, numbers] : places) sum += name.size() * numbers.size();
    return sum;
}

int main(int count, char **arguments) {
    long rounds = count > 1 ? atol(arguments[1]) : 100;
    size_t sum = 0;
    for (long round = 0; round < rounds; round++) sum += round_of_words();
    timespec cpu;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    printf("cpu_ns %lld\n", (long long)cpu.tv_sec * 1000000000LL + cpu.tv_nsec);
    return sum == 0;
}
