// Calls every function that allocates with a size of its own, then frees by every function there is.
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHECK(what) do { if (!(what)) { printf("%s, errno %d\n", #what, errno); return 1; } } while (0)

int main(void) {
    errno = 77;
    volatile unsigned long marker = 0x1122334455667788;
    void *a = malloc(1000001);
    CHECK(a);
    void *b = calloc(3, 1000002 / 3);
    CHECK(b && ((char *)b)[999999] == 0);
    void *c = realloc(NULL, 1000003);
    CHECK(c);
    memset(c, 7, 1000003);
    c = realloc(c, 1000004);
    CHECK(c && ((char *)c)[1000002] == 7);
    void *d = NULL;
    CHECK(posix_memalign(&d, 256, 1000005) == 0 && (size_t)d % 256 == 0);
    void *e = aligned_alloc(64, 1000064);
    CHECK(e && (size_t)e % 64 == 0);
    void *f = memalign(512, 1000007);
    CHECK(f && (size_t)f % 512 == 0);
#ifdef __GLIBC__
    void *g = valloc(1000008);
    CHECK(g && (size_t)g % 4096 == 0);
#else
    void *g = NULL;
#endif
#if defined(__GLIBC__) && !defined(NO_PVALLOC)
    void *h = pvalloc(1000009);
    CHECK(h && (size_t)h % 4096 == 0);
#else
    void *h = NULL;
#endif
    void *i = reallocarray(NULL, 5, 200002);
    CHECK(i);
    char *text = malloc(1000011);
    memset(text, 'x', 1000010);
    text[1000010] = 0;
    char *copy = strdup(text);
    CHECK(copy && strlen(copy) == 1000010);
    void *j = mmap(NULL, 1003520, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(j != MAP_FAILED);
    j = mremap(j, 1003520, 1007616, MREMAP_MAYMOVE);
    CHECK(j != MAP_FAILED);
    // Only reserved: no allocation.
    void *k = mmap(NULL, 1011712, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(k != MAP_FAILED);
    CHECK(errno == 77);
    // What fails is not counted.
    errno = 77;
    volatile size_t huge = (size_t)-1000;
    CHECK(malloc(huge) == NULL && errno == ENOMEM);
    CHECK(calloc(huge, 2) == NULL);
    CHECK(realloc(a, huge) == NULL);
    CHECK(reallocarray(a, huge, 1 << 20) == NULL);
    errno = 77;
    void *alone = malloc(1000012);
    free(alone);
    free(NULL);
    free(a), free(b), free(c), free(d), free(e), free(f), free(g), free(h), free(i), free(text), free(copy);
    void *gone = realloc(malloc(1000013), 0);
    free(gone);
    CHECK(munmap(j, 1007616) == 0);
    CHECK(munmap(k, 1011712) == 0);
    // Kept.
    volatile char *leak = malloc(1000014);
    leak[0] = 1;
    CHECK(errno == 77);
    return marker == 0x1122334455667788 ? 0 : 1;
}
