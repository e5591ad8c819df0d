#include "copy/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "copy/times.h"
#include "index/still.h"

#define HOT (2 * NSEC_PER_SEC)    /* a source changed this short ago may be at work still */

int reading_open(int dir, const char *name, struct reading *r)
{
    r->opened_at = clock_now();
    r->fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (r->fd < 0)
        return errno == ELOOP ? -ESTALE : -errno;
    if (fstat(r->fd, &r->before) < 0)
        return -errno;
    if (!S_ISREG(r->before.st_mode))
        return -ESTALE;
    return r->before.st_size == 0 && file_hides(r->fd) ? -FILE_HIDES : 0;
}

void reading_close(struct reading *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

static int check_unchanged(const struct reading *r, uint64_t size)
{
    const struct was before = was_stat(&r->before);
    struct stat after;

    if (fstat(r->fd, &after) < 0)
        return -errno;
    return size == before.size && still_is(&before, &after, STILL_UNTOUCHED, NULL) ? 0 : -ESTALE;
}

/*
 * A write sets the times when it begins, and the kernel's clock ticks slowly: a source that was written just now
 * can go on changing without showing it. Such a one is read again when its times are past.
 */
static int check_settled(const struct reading *r, const struct filesystem *fs, struct data *data,
                         const struct digest *digest)
{
    int64_t changed_at = ctime_of(&r->before), tick = filesystem_tick(fs);
    struct digest again;

    if (r->opened_at - changed_at >= HOT)
        return 0;
    int64_t left = changed_at + tick - clock_now();
    if (left > 0 && left < HOT) {
        struct timespec pause = clock_split(left);
        nanosleep(&pause, NULL);
    }
    int code = data_digest(data, r->fd, (uint64_t)r->before.st_size, &again);
    if (code)
        return code;
    return memcmp(digest, &again, sizeof again) ? -ESTALE : 0;
}

int reading_check(const struct reading *r, const struct filesystem *fs, struct data *data, const struct digest *digest,
                  uint64_t size)
{
    int code = check_settled(r, fs, data, digest);
    return code ? code : check_unchanged(r, size);
}
