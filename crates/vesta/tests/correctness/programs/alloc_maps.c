// Memory straight from the kernel: `mapped` maps 2 GB in pieces of 2 MB and unmaps them, `allocated` mallocs half of that.
#include "shares.h"
#include <sys/mman.h>

KEEP void mapped(void) {
    for (int piece = 0; piece < 1000; piece++) {
        pace(2000000);
        void *memory = mmap(NULL, 2000000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap(memory, 2000000);
    }
    shares_sink++;
}

KEEP void allocated(void) {
    for (int piece = 0; piece < 100000; piece++) {
        pace(10000);
        void *memory = malloc(10000);
        __asm__ volatile("" : : "r"(memory) : "memory");
        free(memory);
    }
    shares_sink++;
}

int main(void) {
    mapped();
    allocated();
    return 0;
}
