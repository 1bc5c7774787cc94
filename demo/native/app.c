/* A small thumbnail service with a load of its own, to have something real to profile. Build and run it under Vesta's
 * native profiler:
 *
 *     cc -O2 -g -pthread app.c -o thumbnails -lm
 *     vesta run --service thumbnails --environment prod ./thumbnails
 *
 * It makes thumbnails of pictures that it draws itself, on three threads, and prints a line for every 50. Interrupt it
 * to stop it; with THUMBNAILS_STOP_WITH_INPUT=1 it also stops when its standard input ends.
 *
 * What its profiles should show:
 *
 *     blur_picture      nearly all CPU time: a deliberately wide blur
 *     decode_picture    nearly all allocations
 *     remember_picture  the live heap, which grows: every tenth picture is never given back, up to 64 MB
 *     file_thumbnail    waiting for a lock
 *     fetch_original    waiting, without using a CPU
 */

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 320, HEIGHT = 240, RADIUS = 6, WORKERS = 3, REMEMBERED = 800 };

typedef struct {
    float light[WIDTH * HEIGHT / 4];
} picture;

static pthread_mutex_t shelf = PTHREAD_MUTEX_INITIALIZER;
static picture *remembered[REMEMBERED];
static atomic_uint made;
static atomic_bool stopping;
volatile float last_filed;

static void rest(long milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* The original is far away. */
__attribute__((noinline)) static void fetch_original(void)
{
    rest(25);
}

/* Takes the picture apart row by row, each into memory of its own: mostly allocations. */
__attribute__((noinline)) static picture *decode_picture(unsigned number)
{
    picture *decoded = malloc(sizeof *decoded);
    if (decoded == NULL)
        abort();
    for (int row = 0; row < HEIGHT / 2; row++) {
        float *line = malloc(WIDTH * 16);
        if (line == NULL)
            abort();
        for (int column = 0; column < WIDTH / 2; column++)
            line[column] = sinf((float)(row * column + (int)number));
        memcpy(decoded->light + row * WIDTH / 2, line, WIDTH / 2 * sizeof *line);
        free(line);
    }
    return decoded;
}

static inline float neighborhood(const picture *from, int row, int column)
{
    float sum = 0;
    int count = 0;
    for (int y = row - RADIUS; y <= row + RADIUS; y++)
        for (int x = column - RADIUS; x <= column + RADIUS; x++)
            if (y >= 0 && y < HEIGHT / 2 && x >= 0 && x < WIDTH / 2) {
                sum += from->light[y * WIDTH / 2 + x];
                count++;
            }
    return sum / (float)count;
}

/* The mean of 169 points for each point, the slow way. */
__attribute__((noinline)) static void blur_picture(const picture *from, picture *to)
{
    for (int row = 0; row < HEIGHT / 2; row++)
        for (int column = 0; column < WIDTH / 2; column++)
            to->light[row * WIDTH / 2 + column] = neighborhood(from, row, column);
}

/* One thumbnail at a time: the others wait. */
__attribute__((noinline)) static void file_thumbnail(const picture *thumbnail)
{
    pthread_mutex_lock(&shelf);
    last_filed = thumbnail->light[0];
    rest(4);
    pthread_mutex_unlock(&shelf);
}

/* Keeps what nobody will ask for again. */
__attribute__((noinline)) static void remember_picture(unsigned number, const picture *original)
{
    picture *copy = malloc(sizeof *copy);
    if (copy == NULL)
        abort();
    *copy = *original;
    free(remembered[number / 10 % REMEMBERED]);
    remembered[number / 10 % REMEMBERED] = copy;
}

static void make_thumbnail(unsigned number)
{
    picture *original = decode_picture(number);
    picture *thumbnail = malloc(sizeof *thumbnail);
    if (thumbnail == NULL)
        abort();
    blur_picture(original, thumbnail);
    file_thumbnail(thumbnail);
    if (number % 10 == 0)
        remember_picture(number, original);
    free(thumbnail);
    free(original);
}

static void *work(void *unused)
{
    (void)unused;
    while (!stopping) {
        fetch_original();
        unsigned number = ++made;
        make_thumbnail(number);
        if (number % 50 == 0) {
            printf("made %u thumbnails\n", number);
            fflush(stdout);
        }
    }
    return NULL;
}

static void stop(int signal)
{
    (void)signal;
    stopping = 1;
}

static void *stop_with_input(void *unused)
{
    char byte;
    (void)unused;
    while (read(0, &byte, 1) > 0)
        ;
    stopping = 1;
    return NULL;
}

int main(void)
{
    pthread_t workers[WORKERS], input;
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    if (getenv("THUMBNAILS_STOP_WITH_INPUT") != NULL)
        pthread_create(&input, NULL, stop_with_input, NULL);
    for (int index = 0; index < WORKERS; index++)
        pthread_create(&workers[index], NULL, work, NULL);
    for (int index = 0; index < WORKERS; index++)
        pthread_join(workers[index], NULL);
    return 0;
}
