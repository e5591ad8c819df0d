#include "copy/readback.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "copy/crew.h"

#define MOST_READERS 4

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
    int flags = fcntl(fd, F_GETFL);
    data->direct = flags >= 0 && (flags & O_DIRECT);
    int code = data_digest(data, fd, item->fresh.size, ret_digest);
    close(fd);
    return code;
}

static void check(struct work *w, struct data *data, struct item *item)
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
        report_errno(&w->report, item_subject(item), -code, SIDE_TARGET);
        return;
    }
    atomic_fetch_add(&w->report.tally.damaged, 1);
    report_problem(&w->report, item_subject(item), "EREADBACK",
                   "reads back differently than it was written: the destination damages data, so it was not given its "
                   "name; check that disk", false);
}

static void read_main(struct crew *crew, void *arg)
{
    struct work *w = arg;
    struct data data;
    struct item *item, *end;

    data_init(&data, w->cancel, NULL, NULL);
    while ((item = crew_take(crew, 1, &end)))
        if (!item->failed && item->temp[0] && item->fresh.has_digest)
            check(w, &data, item);
    data_free(&data);
}

static int readers_worth(const struct work *w, const struct items *batch)
{
    struct stat st;
    bool spins = fstat(w->target.top, &st) == 0 && disk_spins(st.st_dev);

    return spins || batch->count < 2 ? 1 : batch->count < MOST_READERS ? (int)batch->count : MOST_READERS;
}

void readback_check(struct work *w, struct items *batch)
{
    crew_run(batch, readers_worth(w, batch), read_main, w);
}
