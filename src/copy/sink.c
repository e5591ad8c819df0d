#include "copy/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

#define WRITEBACK_STEP (16u << 20)
#define COMPARE (256u << 10)      /* bytes compared at once with what is there */

static bool is_set(const atomic_bool *flag) { return flag && atomic_load_explicit(flag, memory_order_relaxed); }

bool sink_is_asked_to_stop(const struct sink *s) { return is_set(s->cancel) || is_set(s->stop); }

bool sink_is_out(struct sink *s)
{
    if (!s->code && sink_is_asked_to_stop(s))
        s->code = -ECANCELED;
    return s->code != 0;
}

static bool is_full(int errnum) { return errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG; }

/* Extents in one piece, and a full disk is known before anything is written. */
void sink_begin(struct sink *s, uint64_t size)
{
    if (!size)
        return;
    if (fallocate(s->fd, 0, 0, (off_t)size) == 0)
        s->length = size;
    else if (is_full(errno))
        s->code = -errno;
}

/* ---- what is there already ---- */

/* How many of these bytes are at that place. */
static size_t count_equal(struct sink *s, const char *data, size_t len, uint64_t at)
{
    size_t done = 0;

    if (!s->compare)
        s->compare = mem_alloc(COMPARE);
    while (done < len) {
        size_t now = len - done < COMPARE ? len - done : COMPARE;
        ssize_t n = io_read_at(s->fd, s->compare, now, (off_t)(at + done));
        if (n < (ssize_t)now || memcmp(s->compare, data + done, now) != 0)
            break;
        done += now;
    }
    return done;
}

/* True when nothing of it need be written; from the first difference on everything is. */
static bool is_there(struct sink *s, const char *data, size_t len, uint64_t at)
{
    if (!s->resume)
        return false;
    if (count_equal(s, data, len, at) == len) {
        s->kept += len;
        return true;
    }
    s->resume = false;
    return false;
}

/* ---- writing ---- */

static void set_direct(struct sink *s, bool on)
{
    int flags = fcntl(s->fd, F_GETFL);

    if (flags >= 0 && fcntl(s->fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0)
        s->is_direct = on;
    else if (on)
        s->direct = false;
}

static int put(struct sink *s, const char *data, size_t len, uint64_t at)
{
    int code = io_write_at(s->fd, data, len, (off_t)at);

    if (code == -EINVAL && s->is_direct) {    /* it wants another alignment, or said yes and cannot */
        s->direct = false;
        set_direct(s, false);
        code = io_write_at(s->fd, data, len, (off_t)at);
    }
    if (s->length < at + len)
        s->length = at + len;
    return code;
}

/* The disk works while the next pieces are read: the sync at the end of the batch finds less to do. */
static void start_writeback(struct sink *s, uint64_t done)
{
    if (done < s->flushed + WRITEBACK_STEP)
        return;
    (void)sync_file_range(s->fd, (off64_t)s->flushed, (off64_t)(done - s->flushed), SYNC_FILE_RANGE_WRITE);
    s->flushed = done;
}

/* Whole blocks alone go past the page cache: nothing is written that would have to be cut off again. */
static bool is_aligned(const char *data, size_t len, uint64_t at)
{
    return ((uintptr_t)data | len | at) % SINK_ALIGNMENT == 0;
}

void sink_put(struct sink *s, const char *data, size_t len, uint64_t at, bool large)
{
    if (sink_is_out(s) || is_there(s, data, len, at))
        return;
    bool direct = s->direct && is_aligned(data, len, at);
    if (direct != s->is_direct)
        set_direct(s, direct);
    s->code = put(s, data, len, at);
    if (!s->code && large && !s->is_direct)
        start_writeback(s, at + len);
}

/* Another length than that of the content have: holes at the end, sources that became shorter, old beginnings. */
void sink_end(struct sink *s, uint64_t size)
{
    bool resumed = s->compare != NULL;

    free(s->compare);
    s->compare = NULL;
    if (s->is_direct)
        set_direct(s, false);
    if (!s->code && (resumed || s->length != size) && ftruncate(s->fd, (off_t)size) < 0)
        s->code = -errno;
}
