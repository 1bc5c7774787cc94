// Runs a program under ptrace and writes samples of its registers and stack to stdout, with the stack of calls that is
// true by observation: a call is an instruction that pushed the address behind itself, and it is over when the stack
// pointer is above that word. No table is read, so that this is an oracle for the unwinder.
//
//     step [-a] [-b] [-c] [-s] [-i N] [-n N] [-v N] PROGRAM ARGUMENT...
//
// -s       no stepping: one sample whenever any thread stops with SIGTRAP, with no truth
// -b       steps from the first SIGTRAP on; the calls before that are unknown
// -c       clears what calls leave on the stack as they return
// -i N     sends SIGUSR1 each N steps, once the program has received one; or with -a, from the start
// -n N     ends after N steps
// -v N     samples of one instruction called from one place (1)
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

typedef uint64_t u64;
enum { MAPS = 1, SAMPLE = 2, VDSO = 3 };
enum { END_ROOT = 0, END_SWITCH = 1, END_UNKNOWN = 2 };
struct call { u64 slot, address, signal, saved_ip, saved_sp; };

static struct call calls[1 << 20];
static long depth;
static int memory;
static pid_t traced;
static u64 visits[1 << 20];
static char maps[1 << 20], copy[32 << 20];
static long maps_size;
static FILE *out;

static void put(u64 word) { fwrite(&word, 8, 1, out); }
static void put_bytes(const void *bytes, u64 size) {
    put(size);
    fwrite(bytes, 1, size, out);
}
static u64 word_at(u64 address) {
    u64 word = 0;
    pread(memory, &word, 8, address);
    return word;
}

static void read_maps(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/maps", traced);
    int file = open(path, O_RDONLY);
    maps_size = 0;
    long n;
    while ((n = read(file, maps + maps_size, sizeof maps - 1 - maps_size)) > 0) maps_size += n;
    maps[maps_size] = 0;
    close(file);
    put(MAPS);
    put_bytes(maps, maps_size);
}

static void read_vdso(void) {
    char *line = strstr(maps, "[vdso]");
    if (!line) return;
    while (line > maps && line[-1] != '\n') line--;
    u64 start, end;
    if (sscanf(line, "%lx-%lx", &start, &end) != 2) return;
    long n = pread(memory, copy, end - start, start);
    put(VDSO);
    put_bytes(copy, n > 0 ? n : 0);
}

// Where the mapping of an address ends.
static u64 mapping_end(u64 address) {
    static u64 start, end;
    if (address >= start && address < end) return end;
    for (char *line = maps; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : 0) {
        u64 a, b;
        if (sscanf(line, "%lx-%lx", &a, &b) == 2 && address >= a && address < b) {
            // The stack grows: only its end stays.
            start = address, end = b;
            return b;
        }
    }
    return address;
}

static void sample(struct user_regs_struct *r, int truth) {
    // Whoever throws an exception writes over return addresses: for some instructions, there is no truth.
    for (long i = depth - 1; i >= 0; i--)
        if (calls[i].slot >= r->rsp && word_at(calls[i].slot) != calls[i].address) return;
    u64 end = mapping_end(r->rsp), size = end - r->rsp;
    if (size > sizeof copy) size = sizeof copy;
    long n = pread(memory, copy, size, r->rsp);
    if (n < 0) n = 0;
    put(SAMPLE);
    u64 registers[17] = {r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi, r->rbp, r->rsp, r->r8,
                         r->r9,  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15, r->rip};
    fwrite(registers, 8, 17, out);
    static u64 expected[1 << 21];
    u64 count = 0, finish = truth;
    expected[count++] = r->rip;
    for (long i = depth - 1; i >= 0; i--) {
        if (!calls[i].signal) {
            expected[count++] = calls[i].address - 1;
            continue;
        }
        int returned = i == depth - 1 && r->rsp == calls[i].slot + 8;
        if (!returned) expected[count++] = calls[i].address;
        expected[count++] = calls[i].saved_ip;
        if (calls[i].saved_sp < r->rsp || calls[i].saved_sp >= end) {
            finish = END_SWITCH;
            break;
        }
    }
    put(finish);
    put_bytes(expected, count * 8);
    put_bytes(copy, n);
}

// Another stack, far away and not by a signal: Go's scheduler. Each stack has its own calls.
static void switch_stack(u64 sp) {
    static struct { struct call *calls; long depth; } saved[64];
    static int count;
    struct call *kept = malloc(depth * sizeof *kept + 1);
    memcpy(kept, calls, depth * sizeof *kept);
    if (count < 64) saved[count].calls = kept, saved[count++].depth = depth;
    depth = 0;
    for (int i = 0; i < count - 1; i++) {
        long n = saved[i].depth;
        if (!n || saved[i].calls[0].slot < sp || saved[i].calls[0].slot > sp + (1 << 20)) continue;
        memcpy(calls, saved[i].calls, n * sizeof *calls);
        depth = n;
        free(saved[i].calls);
        saved[i] = saved[--count];
        break;
    }
    while (depth && calls[depth - 1].slot < sp) depth--;
}

static void clear(u64 from, u64 to) {
    static const char zeros[1 << 20];
    if (from < to && to - from <= sizeof zeros) pwrite(memory, zeros, to - from, from);
}

static void stops(void) {
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0) return;
        if (!WIFSTOPPED(status)) continue;
        int sig = WSTOPSIG(status), event = status >> 16;
        if (sig == SIGTRAP && event == 0) {
            struct user_regs_struct r;
            ptrace(PTRACE_GETREGS, pid, 0, &r);
            read_maps();
            sample(&r, END_UNKNOWN);
            sig = 0;
        } else if (event || sig == SIGSTOP) {
            sig = 0;
        }
        ptrace(PTRACE_CONT, pid, 0, (long)sig);
    }
}

int main(int argc, char **argv) {
    int begin = 0, clears = 0, stop = 0, armed = 0, opt;
    long interval = 0, limit = 1L << 40, most = 1;
    while ((opt = getopt(argc, argv, "+abcsi:n:v:")) != -1) {
        if (opt == 'a') armed = 1;
        if (opt == 'b') begin = 1;
        if (opt == 'c') clears = 1;
        if (opt == 's') stop = 1;
        if (opt == 'i') interval = atol(optarg);
        if (opt == 'n') limit = atol(optarg);
        if (opt == 'v') most = atol(optarg);
    }
    out = fdopen(dup(1), "w");
    setvbuf(out, 0, _IOFBF, 1 << 20);
    traced = fork();
    if (!traced) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        char *environment[] = {"GOMAXPROCS=2", "GODEBUG=asyncpreemptoff=1", "GOGC=off", 0};
        execve(argv[optind], argv + optind, environment);
        _exit(127);
    }
    int status;
    waitpid(traced, &status, 0);
    if (!WIFSTOPPED(status)) return 1;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", traced);
    memory = open(path, O_RDWR);
    ptrace(PTRACE_SETOPTIONS, traced, 0, PTRACE_O_EXITKILL | (stop ? PTRACE_O_TRACECLONE : 0));
    read_maps();
    read_vdso();
    if (stop) {
        ptrace(PTRACE_CONT, traced, 0, 0);
        stops();
        fflush(out);
        return 0;
    }
    while (begin) {
        long sig = 0;
        ptrace(PTRACE_CONT, traced, 0, sig);
    again:
        if (waitpid(traced, &status, 0) < 0 || !WIFSTOPPED(status)) return 1;
        if (WSTOPSIG(status) == SIGTRAP) break;
        sig = WSTOPSIG(status);
        ptrace(PTRACE_CONT, traced, 0, sig);
        goto again;
    }
    if (begin) read_maps();
    struct user_regs_struct before, r;
    ptrace(PTRACE_GETREGS, traced, 0, &r);
    long delivered = 0;
    // How far down the stack went since it was cleared.
    u64 lowest = r.rsp;
    for (long steps = 0; steps < limit; steps++) {
        u64 top = depth ? calls[depth - 1].address : 0;
        u64 hash = ((r.rip ^ top * 31) * 0x9e3779b97f4a7c15ull) >> 44;
        if (visits[hash] < (u64)most || delivered) {
            visits[hash]++;
            sample(&r, begin ? END_UNKNOWN : END_ROOT);
        }
        before = r;
        int active = 0;
        for (long i = 0; i < depth; i++) active |= calls[i].signal != 0;
        if (!delivered && interval && armed && !active && steps % interval == 0) delivered = SIGUSR1;
        else delivered = 0;
        unsigned char code[2] = {0, 0};
        pread(memory, code, 2, r.rip);
        long sig = delivered;
    deliver:
        if (ptrace(PTRACE_SINGLESTEP, traced, 0, sig)) break;
        if (waitpid(traced, &status, 0) < 0 || !WIFSTOPPED(status)) break;
        ptrace(PTRACE_GETREGS, traced, 0, &r);
        if (sig) {
            // At the first instruction of the handler.
            calls[depth++] = (struct call){r.rsp, word_at(r.rsp), 1, before.rip, before.rsp};
            sample(&r, begin ? END_UNKNOWN : END_ROOT);
        }
        int stopped = WSTOPSIG(status);
        if (stopped != SIGTRAP) {
            if (stopped == SIGUSR1) armed = 1;
            before = r;
            sig = stopped;
            goto deliver;
        }
        if (sig) continue;
        if (r.rsp < lowest) lowest = r.rsp;
        u64 distance = r.rsp > before.rsp ? r.rsp - before.rsp : before.rsp - r.rsp;
        if (depth && calls[depth - 1].signal && r.rip == calls[depth - 1].saved_ip &&
            r.rsp == calls[depth - 1].saved_sp) {
            depth--;
            // What was interrupted may use the 128 bytes below its stack pointer.
            if (clears) clear(lowest - 128, r.rsp - 128);
            lowest = r.rsp;
        } else if (distance > 1 << 20) {
            switch_stack(r.rsp);
            lowest = r.rsp;
        } else if (r.rsp == before.rsp - 8) {
            u64 word = word_at(r.rsp);
            if (word > before.rip && word <= before.rip + 15 && r.rip != word)
                calls[depth++] = (struct call){r.rsp, word, 0, 0, 0};
        }
        long calls_before = depth;
        while (depth && !calls[depth - 1].signal && calls[depth - 1].slot < r.rsp) depth--;
        if (depth < calls_before) {
            if (clears) clear(lowest - 128, r.rsp);
            lowest = r.rsp;
        }
        if (code[0] == 0x0f && code[1] == 0x05 && (before.rax == 9 || before.rax == 10 || before.rax == 11))
            read_maps();
    }
    fflush(out);
    if (limit < (1L << 40)) kill(traced, SIGKILL);
    return 0;
}
