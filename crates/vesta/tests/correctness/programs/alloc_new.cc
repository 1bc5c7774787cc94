// C++: `vectors` allocates twice as much as `objects`, both through operator new.
#include "shares.h"
#include <memory>
#include <vector>

namespace shop {
struct Object {
    char bytes[5000];
};

KEEP void objects() {
    for (long left = 500000000; left > 0; left -= 5000) {
        pace(5000);
        std::unique_ptr<Object> object(new Object);
        __asm__ volatile("" : : "r"(object.get()) : "memory");
    }
    shares_sink = shares_sink + 1;
}

KEEP void vectors() {
    for (long left = 1000000000; left > 0; left -= 20000) {
        pace(20000);
        std::vector<int> numbers;
        numbers.reserve(5000);
        __asm__ volatile("" : : "r"(numbers.data()) : "memory");
    }
    shares_sink = shares_sink + 1;
}
}

int main() {
    shop::objects();
    shop::vectors();
    return 0;
}
