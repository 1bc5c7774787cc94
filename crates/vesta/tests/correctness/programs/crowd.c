// crowd COUNT: so many threads at once, each of which works for 8 ms of CPU time by its own clock.
#include "shares.h"
#include <pthread.h>

static pthread_barrier_t together;

KEEP void own_share(void) { spend(0.008); shares_sink++; }

KEEP void *member(void *nothing) {
    pthread_barrier_wait(&together);
    own_share();
    pthread_barrier_wait(&together);
    return nothing;
}

int main(int count, char **arguments) {
    long total = count > 1 ? atol(arguments[1]) : 1000;
    pthread_t *threads = calloc((size_t)total, sizeof *threads);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    pthread_barrier_init(&together, NULL, (unsigned)total);
    for (long number = 0; number < total; number++) {
        if (pthread_create(&threads[number], &attributes, member, NULL) != 0) return 1;
    }
    for (long number = 0; number < total; number++) pthread_join(threads[number], NULL);
    return 0;
}
