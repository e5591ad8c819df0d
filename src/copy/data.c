#include "copy/data.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "copy/pump.h"

#define AHEAD (4u << 20)    /* from this size on a source is read ahead of us */

/* One content on its way. */
struct flow {
    struct data *d;
    int from;
    struct sink *sinks;
    int count;
    bool pumped;         /* the sinks have threads of their own */
    uint64_t size;       /* of the source when it was opened */
    uint64_t done;       /* position in it */
    bool has_turn;       /* nobody else reads from that disk */
};

#define NOBODY_LEFT 2    /* all sinks are out */

void data_init(struct data *d, const atomic_bool *cancel, void (*progress)(void *, uint64_t), void *arg)
{
    *d = (struct data){.hasher = hasher_new(), .cancel = cancel, .progress = progress, .arg = arg};
    d->buffer = aligned_alloc(4096, DATA_BUFFER);
    if (!d->buffer)
        abort();
}

void data_free(struct data *d)
{
    hasher_free(d->hasher);
    pump_free(d->pump);
    free(d->buffer);
    *d = (struct data){0};
}

static size_t piece(const struct flow *f, uint64_t end, size_t most)
{
    uint64_t left = end - f->done;
    return left < most ? (size_t)left : most;
}

static void step(struct flow *f, uint64_t bytes)
{
    f->done += bytes;
    if (f->d->progress)
        f->d->progress(f->d->arg, bytes);
}

/* ---- reading ---- */

/* What is in memory already. Less than len, or -1, when the disk has to be asked. */
static ssize_t read_cached(const struct flow *f, char *to, size_t len)
{
    const struct iovec piece = {.iov_base = to, .iov_len = len};
    return preadv2(f->from, &piece, 1, (off_t)f->done, RWF_NOWAIT);
}

/* Whoever needs the disk's head first keeps it until the file is through. */
static ssize_t read_in_turn(struct flow *f, char *to, size_t len)
{
    if (!f->has_turn && f->d->turn && len) {
        if (read_cached(f, to, len) == (ssize_t)len)
            return (ssize_t)len;
        pthread_mutex_lock(f->d->turn);
        f->has_turn = true;
    }
    return io_read_at(f->from, to, len, (off_t)f->done);
}

static void end_turn(struct flow *f)
{
    if (f->has_turn)
        pthread_mutex_unlock(f->d->turn);
    f->has_turn = false;
}

static void leave_direct(struct flow *f)
{
    int flags = fcntl(f->from, F_GETFL);

    if (flags >= 0)
        (void)fcntl(f->from, F_SETFL, flags & ~O_DIRECT);
    f->d->direct = false;
}

/*
 * Whole blocks past the page cache: the last one ends where the file does, so one read more than asked for gets it. What
 * cannot be had so (it said yes to O_DIRECT and cannot, or an odd short read) is read the other way from there on.
 */
static ssize_t read_direct(struct flow *f, char *to, size_t len)
{
    size_t whole = (len + SINK_ALIGNMENT - 1) / SINK_ALIGNMENT * SINK_ALIGNMENT;
    ssize_t n;

    do
        n = pread(f->from, to, whole, (off_t)f->done);
    while (n < 0 && errno == EINTR);
    if (n >= (ssize_t)len)
        return (ssize_t)len;
    if (n < 0 && errno != EINVAL)
        return -errno;
    size_t had = n > 0 ? (size_t)n : 0;
    leave_direct(f);
    n = io_read_at(f->from, to + had, len - had, (off_t)(f->done + had));
    return n < 0 ? n : (ssize_t)had + n;
}

static ssize_t read_piece(struct flow *f, char *to, size_t len)
{
    if (f->d->pace)
        pace_take(f->d->pace, len, f->sinks ? f->sinks[0].cancel : f->d->cancel);
    ssize_t n = f->d->direct ? read_direct(f, to, len) : read_in_turn(f, to, len);
    if (n > 0)
        hasher_add(f->d->hasher, to, (size_t)n);
    return n;
}

static bool all_out(struct flow *f)
{
    int out = 0;

    for (int i = 0; i < f->count; i++)
        out += sink_is_out(&f->sinks[i]);
    return out == f->count;
}

static bool asked_to_stop(const struct data *d)
{
    return (d->cancel && atomic_load_explicit(d->cancel, memory_order_relaxed)) || (d->is_over && d->is_over(d->over_arg));
}

/* Nobody is left to read for: no sink, or, where there is none, nobody who wants the digest. */
static bool is_over(struct flow *f)
{
    if (!f->count)
        return asked_to_stop(f->d);
    return f->pumped ? pump_is_over(f->d->pump) : all_out(f);
}

static char *room(struct flow *f)
{
    if (f->pumped)
        return pump_room(f->d->pump);
    return is_over(f) ? NULL : f->d->buffer;
}

static void give(struct flow *f, const char *data, size_t len)
{
    if (f->pumped)
        pump_give(f->d->pump, len, f->done);
    else
        for (int i = 0; i < f->count; i++)
            sink_put(&f->sinks[i], data, len, f->done, f->size >= AHEAD);
}

/* Data up to `end`. 1 when the source ended before. */
static int copy_data(struct flow *f, uint64_t end)
{
    size_t most = f->pumped ? PUMP_PIECE : DATA_BUFFER;

    while (f->done < end) {
        size_t len = piece(f, end, most);
        char *to = room(f);
        if (!to)
            return NOBODY_LEFT;
        ssize_t n = read_piece(f, to, len);
        if (n < 0)
            return (int)n;
        if (n > 0)
            give(f, to, (size_t)n);
        step(f, (uint64_t)n);
        if ((size_t)n < len)
            return 1;
    }
    return 0;
}

/* A hole up to `end`: hashed as the zeros that it reads as, not written. */
static int copy_hole(struct flow *f, uint64_t end)
{
    static const char zeros[1 << 16];

    while (f->done < end) {
        size_t len = piece(f, end, sizeof zeros);
        hasher_add(f->d->hasher, zeros, len);
        step(f, len);
        if (is_over(f))
            return NOBODY_LEFT;
    }
    return 0;
}

/*
 * The end of the hole that begins at f->done; f->done itself where data begins. 1 when no data follows: then it is
 * the end of the file, which may have come nearer.
 */
static int hole_end(struct flow *f, uint64_t *ret_end)
{
    off_t at = lseek(f->from, (off_t)f->done, SEEK_DATA);
    bool last = at < 0 && errno == ENXIO;

    if (last)
        at = lseek(f->from, 0, SEEK_END);
    if (at < 0)
        return -errno;
    *ret_end = (uint64_t)at < f->size ? (uint64_t)at : f->size;
    return last;
}

static int data_end(struct flow *f, uint64_t *ret_end)
{
    off_t at = lseek(f->from, (off_t)f->done, SEEK_HOLE);

    if (at < 0 && errno != ENXIO)
        return -errno;
    *ret_end = at < 0 || (uint64_t)at > f->size ? f->size : (uint64_t)at;
    return 0;
}

static int copy_sparse(struct flow *f)
{
    uint64_t end = 0;
    int code = 0;

    while (!code && f->done < f->size) {
        int last = hole_end(f, &end);
        if (last < 0)
            return last;
        code = copy_hole(f, end);
        if (code || last || f->done >= f->size)
            break;
        code = data_end(f, &end);
        if (!code)
            code = copy_data(f, end);
    }
    return code;
}

static bool has_holes_reported(int fd) { return lseek(fd, 0, SEEK_HOLE) >= 0; }

static int copy_content(struct flow *f, bool sparse)
{
    bool large = f->size >= DATA_LARGE, whole = !sparse || !has_holes_reported(f->from);

    if (f->size >= AHEAD)
        (void)posix_fadvise(f->from, 0, 0, POSIX_FADV_SEQUENTIAL);
    for (int i = 0; i < f->count; i++)
        sink_begin(&f->sinks[i], large && whole ? f->size : 0);
    if (large && !f->d->pump)
        f->d->pump = pump_new();
    f->pumped = large && pump_start(f->d->pump, f->sinks, f->count) == 0;
    int code = whole ? copy_data(f, f->size) : copy_sparse(f);
    if (f->pumped)
        pump_finish(f->d->pump);
    for (int i = 0; code == NOBODY_LEFT && i < f->count; i++)
        (void)sink_is_out(&f->sinks[i]);    /* a lane that waited has not looked */
    return code;
}

int data_copy(struct data *d, int from, struct sink *sinks, int count, uint64_t size, bool sparse,
              struct digest *ret_digest, uint64_t *ret_size)
{
    struct flow f = {.d = d, .from = from, .sinks = sinks, .count = count, .size = size};

    hasher_reset(d->hasher);
    int code = copy_content(&f, sparse);
    end_turn(&f);
    for (int i = 0; i < count; i++)
        sink_end(&sinks[i], f.done);
    *ret_size = f.done;
    *ret_digest = hasher_get(d->hasher);
    return code < 0 ? code : 0;
}

/* ---- digests ---- */

static bool is_sparse(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (uint64_t)st.st_blocks * 512 < (uint64_t)st.st_size && has_holes_reported(fd);
}

/* No sinks: what is read is only hashed. */
static int digest_of_file(struct flow *f, struct digest *ret_digest)
{
    hasher_reset(f->d->hasher);
    int code = is_sparse(f->from) ? copy_sparse(f) : copy_data(f, f->size);
    end_turn(f);
    *ret_digest = hasher_get(f->d->hasher);
    return code == NOBODY_LEFT ? -ECANCELED : code < 0 ? code : 0;
}

int data_clone(struct data *d, int from, int to, uint64_t size, atomic_bool *clone, struct digest *ret_digest,
               uint64_t *ret_size)
{
    struct flow f = {.d = d, .from = to, .size = size};

    if (!size || !atomic_load_explicit(clone, memory_order_relaxed))
        return -EOPNOTSUPP;
    if (ioctl(to, FICLONE, from) < 0) {
        bool never = errno == EOPNOTSUPP || errno == ENOTTY || errno == EXDEV || errno == ENOSYS;
        if (never)
            atomic_store(clone, false);
        return never ? -EOPNOTSUPP : -EINVAL;
    }
    /* What was cloned, not what the source has become since, is what the digest must be of. */
    int code = digest_of_file(&f, ret_digest);
    *ret_size = f.done;
    return code;
}

int data_digest(struct data *d, int fd, uint64_t size, struct digest *ret_digest)
{
    struct data quiet = *d;
    struct flow f = {.d = &quiet, .from = fd, .size = size};

    quiet.progress = NULL;
    return digest_of_file(&f, ret_digest);
}
