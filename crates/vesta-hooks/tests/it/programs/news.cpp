// Calls every operator new with a size of its own, fails some, and frees.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>

int main() {
    auto align = std::align_val_t(128);
    void *a = operator new(2000001);
    void *b = operator new[](2000002);
    void *c = operator new(2000003, std::nothrow);
    void *d = operator new[](2000004, std::nothrow);
    void *e = operator new(2000128, align);
    void *f = operator new[](2000256, align);
    void *g = operator new(2000384, align, std::nothrow);
    void *h = operator new[](2000512, align, std::nothrow);
    auto *text = new std::string(2000010, 'x');
    int caught = 0;
    for (int i = 0; i < 100; i++) {
        volatile size_t huge = (size_t(1) << 62) + i;
        try {
            caught += operator new(huge) == nullptr ? 1000 : 0;
        } catch (const std::bad_alloc &) {
            caught++;
        }
        try {
            caught += operator new[](huge, align) == nullptr ? 1000 : 0;
        } catch (const std::bad_alloc &) {
            caught++;
        }
        if (operator new(huge, std::nothrow) != nullptr) return 2;
    }
    void *after = operator new(2000011);
    operator delete(a);
    operator delete[](b);
    operator delete(c, std::nothrow);
    operator delete[](d, 2000004);
    operator delete(e, align);
    operator delete[](f, 2000256, align);
    operator delete(g, align, std::nothrow);
    operator delete[](h, align);
    operator delete(after, 2000011);
    delete text;
    volatile char *leak = static_cast<char *>(operator new(2000012));
    leak[0] = 1;
    return caught == 200 ? 0 : 1;
}
