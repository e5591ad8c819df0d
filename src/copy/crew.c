#include "copy/crew.h"

#include <pthread.h>
#include <unistd.h>

#define MOST_THREADS 4
#define ITEMS_EACH 256    /* fewer are done before a thread has started */

struct crew {
    pthread_mutex_t lock;    /* of next */
    struct item *next;
    void (*work)(struct crew *crew, void *arg);
    void *arg;
};

static void *thread_main(void *arg)
{
    struct crew *crew = arg;

    crew->work(crew, crew->arg);
    return NULL;
}

void crew_run(const struct items *batch, int threads, void (*work)(struct crew *crew, void *arg), void *arg)
{
    struct crew crew = {.next = batch->first, .work = work, .arg = arg};
    pthread_t others[MOST_THREADS - 1];
    int started = 0;

    pthread_mutex_init(&crew.lock, NULL);
    while (started < threads - 1 && started < MOST_THREADS - 1 &&
           pthread_create(&others[started], NULL, thread_main, &crew) == 0)
        started++;
    work(&crew, arg);
    for (int i = 0; i < started; i++)
        pthread_join(others[i], NULL);
    pthread_mutex_destroy(&crew.lock);
}

struct item *crew_take(struct crew *crew, size_t most, struct item **ret_end)
{
    pthread_mutex_lock(&crew->lock);
    struct item *first = crew->next, *end = first;
    for (size_t n = 0; end && n < most && end->twin == first->twin; n++)
        end = end->next;
    crew->next = end;
    pthread_mutex_unlock(&crew->lock);
    *ret_end = end;
    return first;
}

int crew_size(size_t items)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    long worth = (long)(items / ITEMS_EACH);
    long size = cores < worth ? cores : worth;

    return size < 1 ? 1 : size < MOST_THREADS ? (int)size : MOST_THREADS;
}
