// Programs with known shares, one per first argument. Functions that are looked for are not inlined and do something after
// each call, so that none of them is a tail call.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

static volatile uint64_t sink;

NOINLINE void burn(uint64_t rounds) {
    for (uint64_t i = 0; i < rounds * 1000; i++) sink += i ^ (i << 3);
    sink++;
}

NOINLINE void part_a(uint64_t rounds) { burn(2 * rounds); sink++; }
NOINLINE void part_b(uint64_t rounds) { burn(rounds); sink++; }
NOINLINE void in_parent(uint64_t rounds) { burn(rounds); sink++; }
NOINLINE void in_fork(uint64_t rounds) { burn(rounds); sink++; }
NOINLINE void in_exec(uint64_t rounds) { burn(rounds); sink++; }

// So much CPU time: how far a loop comes in it depends on who else is on the core.
static void spend(void (*work)(uint64_t), int ms) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    int64_t end = now.tv_sec * 1000000000LL + now.tv_nsec + ms * 1000000LL;
    do {
        work(1000);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    } while (now.tv_sec * 1000000000LL + now.tv_nsec < end);
}

NOINLINE void in_kernel(int rounds) {
    static char buffer[1 << 20];
    FILE *zero = fopen("/dev/zero", "r");
    setvbuf(zero, NULL, _IONBF, 0);
    for (int i = 0; i < rounds; i++) sink += fread(buffer, 1, sizeof buffer, zero);
    fclose(zero);
    sink++;
}

static void sleep_ms(int ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
    sink++;
}
NOINLINE void wait_a(void) { sleep_ms(160); sink++; }
NOINLINE void wait_b(void) { sleep_ms(80); sink++; }

static void *kept[4096];
NOINLINE void keep(int count) {
    for (int i = 0; i < count; i++) memset(kept[i] = malloc(64 << 10), 1, 64 << 10);
    sink++;
}
NOINLINE void churn(int count) {
    for (int i = 0; i < count; i++) {
        char *block = malloc(64 << 10);
        memset(block, i, 64 << 10);
        sink += block[i % 100];
        free(block);
    }
    sink++;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;
static volatile int is_asking;
NOINLINE void contend(void) { is_asking = 1; pthread_mutex_lock(&mutex); is_asking = 0; pthread_mutex_unlock(&mutex); sink++; }
static void *contender(void *unused) {
    for (int i = 0; i < 10; i++) {
        pthread_barrier_wait(&barrier);
        contend();
        pthread_barrier_wait(&barrier);
    }
    return unused;
}

static void *thread(void *number) {
    char name[16];
    snprintf(name, sizeof name, "worker-%d", (int)(intptr_t)number % 4);
    prctl(PR_SET_NAME, name);
    burn(5000);
    return NULL;
}

// A function made at run time: push %rbp; mov %rsp,%rbp; mov %rdi,%rcx; loop: dec %rcx; jnz loop; pop %rbp; ret
static void jit(uint64_t rounds) {
#ifdef __x86_64__
    static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x89, 0xf9, 0x48, 0xff, 0xc9, 0x75, 0xfb, 0x5d, 0xc3};
    void *place = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(place, code, sizeof code);
    char path[64];
    snprintf(path, sizeof path, "/tmp/perf-%d.map", getpid());
    FILE *map = fopen(path, "w");
    fprintf(map, "%lx %zx jitted_loop\n", (unsigned long)place, sizeof code);
    fclose(map);
    ((void (*)(uint64_t))place)(rounds * 1000000);
    sink++;
#endif
}

NOINLINE void deep(int depth) {
    if (depth == 0) burn(300000);
    else deep(depth - 1);
    sink++;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    int count = argc > 2 ? atoi(argv[2]) : 1;
    if (!strcmp(what, "split")) {
        for (int i = 0; i < count; i++) { part_a(25000); part_b(25000); }
    } else if (!strcmp(what, "tree")) {
        pid_t fork_child = fork();
        if (fork_child == 0) { spend(in_fork, count); _exit(0); }
        pid_t exec_child = fork();
        if (exec_child == 0) { execl("/proc/self/exe", "leaf", "exec", argv[2], NULL); _exit(1); }
        spend(in_parent, count);
        while (wait(NULL) > 0) {}
    } else if (!strcmp(what, "exec")) {
        spend(in_exec, count);
    } else if (!strcmp(what, "short")) {
        for (int i = 0; i < count; i++) {
            pid_t child = vfork();
            if (child == 0) { execl(argv[3], argv[3], "nothing", NULL); _exit(1); }
            waitpid(child, NULL, 0);
        }
    } else if (!strcmp(what, "briefly")) {
        for (int i = 0; i < count; i++) {
            pid_t child = fork();
            if (child == 0) { in_fork(60000); _exit(0); }
            waitpid(child, NULL, 0);
        }
    } else if (!strcmp(what, "daemon")) {
        if (fork() == 0) { spend(in_fork, count); _exit(0); }
    } else if (!strcmp(what, "plugin")) {
        void *library = dlopen(argv[3], RTLD_NOW);
        if (!library) { fprintf(stderr, "%s\n", dlerror()); return 1; }
        ((void (*)(int))dlsym(library, "plugin_work"))(count);
    } else if (!strcmp(what, "delete")) {
        unlink(argv[0]);
        in_parent(count * 1000);
    } else if (!strcmp(what, "kernel")) {
        in_kernel(count);
    } else if (!strcmp(what, "jit")) {
        jit(count);
    } else if (!strcmp(what, "wait")) {
        for (int i = 0; i < count; i++) { wait_a(); wait_b(); }
    } else if (!strcmp(what, "heap")) {
        keep(count);
        churn(3 * count);
        // The live heap is looked at before this process ends.
        puts("kept");
        fflush(stdout);
        getchar();
    } else if (!strcmp(what, "locks")) {
        pthread_t id;
        pthread_barrier_init(&barrier, NULL, 2);
        pthread_create(&id, NULL, contender, NULL);
        for (int i = 0; i < 10; i++) {
            pthread_mutex_lock(&mutex);
            pthread_barrier_wait(&barrier);
            // The lock is held for so long from when it is asked for.
            while (!is_asking) usleep(100);
            sleep_ms(30);
            pthread_mutex_unlock(&mutex);
            pthread_barrier_wait(&barrier);
        }
        pthread_join(id, NULL);
    } else if (!strcmp(what, "threads")) {
        pthread_t *ids = calloc(count, sizeof *ids);
        for (int i = 0; i < count; i++) pthread_create(&ids[i], NULL, thread, (void *)(intptr_t)i);
        for (int i = 0; i < count; i++) pthread_join(ids[i], NULL);
    } else if (!strcmp(what, "deep")) {
        deep(count);
    } else if (!strcmp(what, "forever")) {
        puts("running");
        fflush(stdout);
        for (;;) in_parent(1000);
    }
    return 0;
}
