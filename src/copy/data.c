#include "copy/data.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

/* Above this a source is read ahead and the destination's writeback starts before the sync asks for it. */
#define LARGE (4u << 20)
#define WRITEBACK_STEP (16u << 20)

/* One content on its way. */
struct flow {
    struct data *d;
    int from, to;
    uint64_t size;       /* of the source when it was opened */
    uint64_t done;       /* position of both */
    uint64_t started;    /* writeback was asked for up to here */
    enum side side;
};

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
    free(d->buffer);
    *d = (struct data){0};
}

static int fail(struct flow *f, enum side side, int code)
{
    f->side = side;
    return code;
}

static size_t piece(const struct flow *f, uint64_t end)
{
    uint64_t left = end - f->done;
    return left < DATA_BUFFER ? (size_t)left : DATA_BUFFER;
}

/* After `bytes` more are done: tell, and look whether to stop. */
static int step(struct flow *f, uint64_t bytes)
{
    f->done += bytes;
    if (f->d->progress)
        f->d->progress(f->d->arg, bytes);
    return f->d->cancel && atomic_load_explicit(f->d->cancel, memory_order_relaxed) ? -ECANCELED : 0;
}

/* The disk works while the next pieces are read: the sync at the end of the batch finds less to do. */
static void start_writeback(struct flow *f)
{
    if (f->size < LARGE || f->done - f->started < WRITEBACK_STEP)
        return;
    (void)sync_file_range(f->to, (off64_t)f->started, (off64_t)(f->done - f->started), SYNC_FILE_RANGE_WRITE);
    f->started = f->done;
}

static int seek_both(struct flow *f)
{
    if (lseek(f->from, (off_t)f->done, SEEK_SET) < 0)
        return fail(f, SIDE_SOURCE, -errno);
    if (lseek(f->to, (off_t)f->done, SEEK_SET) < 0)
        return fail(f, SIDE_TARGET, -errno);
    return 0;
}

/* Data up to `end`. 1 when the source ended before. */
static int copy_data(struct flow *f, uint64_t end)
{
    while (f->done < end) {
        size_t len = piece(f, end);
        ssize_t n = io_read(f->from, f->d->buffer, len);
        if (n < 0)
            return fail(f, SIDE_SOURCE, (int)n);
        hasher_add(f->d->hasher, f->d->buffer, (size_t)n);
        int code = io_write(f->to, f->d->buffer, (size_t)n);
        if (code < 0)
            return fail(f, SIDE_TARGET, code);
        code = step(f, (uint64_t)n);
        if (code < 0)
            return code;
        start_writeback(f);
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
        size_t len = piece(f, end) < sizeof zeros ? piece(f, end) : sizeof zeros;
        hasher_add(f->d->hasher, zeros, len);
        int code = step(f, len);
        if (code < 0)
            return code;
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
            return fail(f, SIDE_SOURCE, last);
        code = copy_hole(f, end);
        if (code || last || f->done >= f->size)
            break;
        code = data_end(f, &end);
        if (code < 0)
            return fail(f, SIDE_SOURCE, code);
        code = seek_both(f);
        if (!code)
            code = copy_data(f, end);
    }
    if (code >= 0 && ftruncate(f->to, (off_t)f->done) < 0)
        return fail(f, SIDE_TARGET, -errno);
    return code;
}

static bool has_holes_reported(int fd)
{
    bool can = lseek(fd, 0, SEEK_HOLE) >= 0;
    return lseek(fd, 0, SEEK_SET) == 0 && can;
}

static int hash_all(struct flow *f, int fd, enum side side)
{
    while (f->done < f->size) {
        size_t len = piece(f, f->size);
        ssize_t n = io_read(fd, f->d->buffer, len);
        if (n < 0)
            return fail(f, side, (int)n);
        hasher_add(f->d->hasher, f->d->buffer, (size_t)n);
        int code = step(f, (uint64_t)n);
        if (code < 0)
            return code;
        if ((size_t)n < len)
            break;
    }
    return 0;
}

static bool try_clone(struct flow *f, atomic_bool *clone)
{
    if (!f->size || !atomic_load_explicit(clone, memory_order_relaxed))
        return false;
    if (ioctl(f->to, FICLONE, f->from) == 0)
        return true;
    if (errno == EOPNOTSUPP || errno == ENOTTY || errno == EXDEV || errno == ENOSYS)
        atomic_store(clone, false);
    return false;
}

static int copy_content(struct flow *f, bool sparse, atomic_bool *clone)
{
    /* What was cloned, not what the source has become since, is what the digest must be of. */
    if (try_clone(f, clone))
        return hash_all(f, f->to, SIDE_TARGET);
    if (f->size >= LARGE)
        (void)posix_fadvise(f->from, 0, 0, POSIX_FADV_SEQUENTIAL);
    if (sparse && has_holes_reported(f->from))
        return copy_sparse(f);
    return copy_data(f, f->size);
}

int data_copy(struct data *d, int from, int to, uint64_t size, bool sparse, atomic_bool *clone,
              struct digest *ret_digest, uint64_t *ret_size, enum side *ret_side)
{
    struct flow f = {.d = d, .from = from, .to = to, .size = size};

    hasher_reset(d->hasher);
    int code = copy_content(&f, sparse, clone);
    *ret_side = f.side;
    *ret_size = f.done;
    *ret_digest = hasher_get(d->hasher);
    return code < 0 ? code : 0;
}

int data_digest(struct data *d, int fd, uint64_t size, struct digest *ret_digest)
{
    struct data quiet = *d;
    struct flow f = {.d = &quiet, .from = fd, .to = -1, .size = size};

    quiet.progress = NULL;
    hasher_reset(d->hasher);
    int code = lseek(fd, 0, SEEK_SET) < 0 ? -errno : hash_all(&f, fd, SIDE_SOURCE);
    *ret_digest = hasher_get(d->hasher);
    return code;
}
