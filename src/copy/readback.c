#include "copy/readback.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"

#define MOST_READERS 4

struct readback {
    struct work *w;
    pthread_mutex_t lock;
    struct item *next;
};

static struct item *take(struct readback *r)
{
    pthread_mutex_lock(&r->lock);
    struct item *item = r->next;
    if (item)
        r->next = item->next;
    pthread_mutex_unlock(&r->lock);
    return item;
}

/*
 * O_DIRECT goes to the medium. Where it does not work the pages that were written are dropped from memory first, which
 * a filesystem may decline.
 */
static int open_past_memory(int dir, const char *name)
{
    int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = openat(dir, name, flags | O_DIRECT);

    if (fd < 0 && errno == EINVAL)
        fd = openat(dir, name, flags);
    if (fd < 0)
        return -errno;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    return fd;
}

static int digest_temp(struct data *data, int dir, const struct item *item, struct digest *ret_digest)
{
    int fd = open_past_memory(dir, item->temp);
    if (fd < 0)
        return fd;
    int code = data_digest(data, fd, item->fresh.size, ret_digest);
    if (code == -EINVAL && fcntl(fd, F_SETFL, O_RDONLY) == 0)    /* it said yes to O_DIRECT and cannot */
        code = data_digest(data, fd, item->fresh.size, ret_digest);
    close(fd);
    return code;
}

static void check(struct readback *r, struct data *data, struct item *item)
{
    struct digest digest;
    int dir = twin_target(item->twin);
    int code = dir < 0 ? dir : digest_temp(data, dir, item, &digest);

    if (dir >= 0)
        twin_target_done(item->twin);
    if (!code && memcmp(&digest, &item->fresh.digest, sizeof digest) == 0)
        return;
    item->failed = true;
    if (code == -ECANCELED)
        return;
    if (code) {
        report_errno(&r->w->report, item_subject(item), -code, SIDE_TARGET);
        return;
    }
    atomic_fetch_add(&r->w->report.tally.damaged, 1);
    report_problem(&r->w->report, item_subject(item), "EREADBACK",
                   "reads back differently than it was written: the destination damages data, so it was not given its "
                   "name; check that disk", false);
}

static void *read_main(void *arg)
{
    struct readback *r = arg;
    struct data data;
    struct item *item;

    data_init(&data, r->w->cancel, NULL, NULL);
    while ((item = take(r)))
        if (!item->failed && item->temp[0] && item->fresh.has_digest)
            check(r, &data, item);
    data_free(&data);
    return NULL;
}

static int readers_worth(const struct work *w, const struct items *batch)
{
    struct stat st;
    bool spins = fstat(w->target.top, &st) == 0 && disk_spins(st.st_dev);

    return spins || batch->count < 2 ? 1 : batch->count < MOST_READERS ? (int)batch->count : MOST_READERS;
}

void readback_check(struct work *w, struct items *batch)
{
    struct readback r = {.w = w, .next = batch->first};
    pthread_t threads[MOST_READERS];
    int started = 0, wanted = readers_worth(w, batch);

    pthread_mutex_init(&r.lock, NULL);
    while (started < wanted - 1 && pthread_create(&threads[started], NULL, read_main, &r) == 0)
        started++;
    read_main(&r);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&r.lock);
}
