// jemalloc's own functions.
#include <stddef.h>
#include <string.h>

void *mallocx(size_t size, int flags);
void *rallocx(void *block, size_t size, int flags);
void dallocx(void *block, int flags);
void sdallocx(void *block, size_t size, int flags);

int main(void) {
    char *a = mallocx(4000001, 0);
    memset(a, 7, 4000001);
    a = rallocx(a, 4000002, 0);
    if (a[4000000] != 7) return 1;
    dallocx(a, 0);
    char *b = mallocx(4000003, 0);
    b[0] = 1;
    char *c = mallocx(3000003, 0);
    sdallocx(c, 3000003, 0);
    return 0;
}
