// Works for as many milliseconds as each line of input says, answers with a line of its own and ends with its input.
// Allocates 10 MB a line besides.
#include "shares.h"

KEEP void asked_for(double seconds) {
    for (int block = 0; block < 1000; block++) {
        char *memory = malloc(10000);
        __asm__ volatile("" : : "r"(memory) : "memory");
        free(memory);
    }
    spend(seconds);
    shares_sink++;
}

int main(void) {
    long milliseconds;
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("ready %ld\n", (long)getpid());
    while (scanf("%ld", &milliseconds) == 1) {
        asked_for((double)milliseconds * 0.001);
        printf("done\n");
    }
    return 7;
}
