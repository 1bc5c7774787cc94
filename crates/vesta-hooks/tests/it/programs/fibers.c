// Allocates on stacks that the C library knows nothing of: of a fiber, right below memory that may not be read, and of a
// signal handler.
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

static ucontext_t back, fiber;

static void on_fiber(void) {
    volatile unsigned long marker = 0x0102030405060708;
    volatile char *block = malloc(88001);
    block[0] = 1;
    free((void *)block);
    if (marker != 0x0102030405060708) abort();
}

static void on_signal(int number) {
    (void)number;
    volatile char *block = mmap(NULL, 88064, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    block[0] = 1;
}

int main(void) {
    for (int i = 0; i < 20; i++) {
        // Memory, then a page without access.
        char *stack = mmap(NULL, 20480, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (stack == MAP_FAILED || mprotect(stack + 16384, 4096, PROT_NONE) != 0) return 1;
        getcontext(&fiber);
        fiber.uc_stack.ss_sp = stack;
        fiber.uc_stack.ss_size = 16384;
        fiber.uc_link = &back;
        makecontext(&fiber, on_fiber, 0);
        if (swapcontext(&back, &fiber) != 0) return 2;
    }
    stack_t other = {.ss_sp = malloc(65536), .ss_size = 65536};
    if (sigaltstack(&other, NULL) != 0) return 3;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR1, &action, NULL);
    return raise(SIGUSR1);
}
