// Stops with SIGTRAP in places that are known: deep in a recursion, in a thread, in a signal handler on a stack of its
// own, behind a null pointer, and in code made at run time that is called from here and calls back.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NOINLINE __attribute__((noinline, noclone))
#define STOP() __asm__ volatile("int3")
static volatile long sink;

NOINLINE static long descend(long n) {
    volatile char bytes[64];
    bytes[0] = (char)n;
    if (n == 0) {
        STOP();
        return bytes[0];
    }
    return descend(n - 1) + bytes[0];
}
NOINLINE static void *thread(void *argument) {
    STOP();
    sink++;
    return argument;
}
NOINLINE static void handler(int signal) {
    STOP();
    sink += signal;
}
NOINLINE static void trapped(int signal, siginfo_t *info, void *context) {
    (void)info;
    STOP();
    // Return as the null function would.
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    registers[REG_RIP] = *(greg_t *)registers[REG_RSP];
    registers[REG_RSP] += 8;
    sink += signal;
}
NOINLINE static void call_null(void (*function)(void)) {
    function();
    sink++;
}
NOINLINE static void called_back(void) {
    STOP();
    sink++;
}
NOINLINE static void call_generated(void (*function)(void (*)(void))) {
    function(called_back);
    sink++;
}

int main(int argc, char **argv) {
    (void)argv;
    sink = descend(2000 * argc);
    pthread_t id;
    pthread_create(&id, 0, thread, 0);
    pthread_join(id, 0);
    stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
    sigaltstack(&stack, 0);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR1, &action, 0);
    raise(SIGUSR1);
    action.sa_sigaction = trapped;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, 0);
    call_null(0);
    unsigned char *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    // push rbp; mov rbp, rsp; sub rsp, 64; call rdi; leave; ret
    memcpy(code, "\x55\x48\x89\xe5\x48\x83\xec\x40\xff\xd7\xc9\xc3", 12);
    call_generated((void (*)(void (*)(void)))code);
    // Without a frame pointer, and with the register in use: push rbp; mov ebp, 7; sub rsp, 64; call rdi; add rsp, 64;
    // pop rbp; ret
    memcpy(code, "\x55\xbd\x07\x00\x00\x00\x48\x83\xec\x40\xff\xd7\x48\x83\xc4\x40\x5d\xc3", 18);
    call_generated((void (*)(void (*)(void)))code);
    return 0;
}
