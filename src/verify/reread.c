#include "verify/reread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"

#define BUFFER (2u << 20)         /* of one read from a disk: what keeps one busy without reading ahead */
#define FROM_MEMORY (1u << 20)    /* of one read from memory: much of it is still in the processor when it is hashed */
#define ALIGNMENT 4096
#define DROP_STEP (16u << 20)     /* bytes between two requests to drop what was read */

/* One reading. */
struct stream {
    struct reread *c;
    int fd;
    uint64_t size, at;
    uint64_t dropped;             /* pages before were dropped */
    bool can_direct, direct;      /* O_DIRECT: worth a try, set */
    bool can_peek;                /* RWF_NOWAIT is worth a try */
    bool sparse;                  /* it may have holes */
    uint64_t data_end;            /* no hole before */
};

void reread_init(struct reread *c, bool cached, const atomic_bool *cancel, void (*progress)(void *, uint64_t), void *arg)
{
    *c = (struct reread){.hasher = hasher_new(), .cached = cached, .cancel = cancel, .progress = progress, .arg = arg};
    c->buffer = aligned_alloc(ALIGNMENT, BUFFER);
    if (!c->buffer)
        abort();
}

void reread_free(struct reread *c)
{
    hasher_free(c->hasher);
    free(c->buffer);
    *c = (struct reread){0};
}

static void set_direct(struct stream *s, bool on)
{
    if (s->direct == on || (on && !s->can_direct))
        return;
    int flags = fcntl(s->fd, F_GETFL);
    bool set = flags >= 0 && fcntl(s->fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
    s->can_direct &= set || !on;
    s->direct = on && set;
}

static ssize_t read_once(const struct stream *s, size_t len, int flags)
{
    struct iovec part = {.iov_base = s->c->buffer, .iov_len = len};
    ssize_t n;

    do
        n = flags ? preadv2(s->fd, &part, 1, (off_t)s->at, flags) : pread(s->fd, s->c->buffer, len, (off_t)s->at);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* What is in memory already. -EAGAIN when nothing is at this place. */
static ssize_t peek(struct stream *s)
{
    set_direct(s, false);
    ssize_t n = s->can_peek ? read_once(s, FROM_MEMORY, RWF_NOWAIT) : -EAGAIN;
    s->can_peek &= n != -EOPNOTSUPP && n != -EINVAL && n != -ENOSYS;
    return n < 0 || (n == 0 && s->at < s->size) ? -EAGAIN : n;
}

/*
 * From the disk: past the page cache while the filesystem can and the place is aligned, as it always is but after a
 * short read; else through it.
 */
static ssize_t read_disk(struct stream *s)
{
    set_direct(s, s->at % ALIGNMENT == 0);
    ssize_t n = read_once(s, BUFFER, 0);
    if (n != -EINVAL || !s->direct)
        return n;
    s->can_direct = false;
    set_direct(s, false);
    return read_once(s, BUFFER, 0);
}

/* What came through the page cache has no business there. */
static void drop_behind(struct stream *s, bool all)
{
    if (s->direct || s->c->cached || (!all && s->at - s->dropped < DROP_STEP))
        return;
    (void)posix_fadvise(s->fd, (off_t)s->dropped, (off_t)(s->at - s->dropped), POSIX_FADV_DONTNEED);
    s->dropped = s->at;
}

/* Without O_DIRECT, what is read must not be what memory holds: only clean pages can be dropped. */
static void prepare(struct stream *s, bool fresh)
{
    if (s->c->cached)
        return;
    set_direct(s, true);
    if (s->direct)
        return;
    if (fresh)
        (void)fdatasync(s->fd);
    (void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_DONTNEED);
    (void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
}

/* What of the hole at this place is passed at once; 0 where data lies, at the end, and where that is not known. */
static size_t hole_at(struct stream *s)
{
    if (!s->sparse || s->at < s->data_end)
        return 0;
    off_t next = lseek(s->fd, (off_t)s->at, SEEK_DATA);
    if (next < 0 && errno == ENXIO)    /* none follows */
        next = lseek(s->fd, 0, SEEK_END);
    if (next < 0) {
        s->sparse = false;
        return 0;
    }
    uint64_t end = (uint64_t)next < s->size ? (uint64_t)next : s->size;
    if (end > s->at)
        return end - s->at < BUFFER ? (size_t)(end - s->at) : BUFFER;
    next = lseek(s->fd, (off_t)s->at, SEEK_HOLE);
    s->data_end = next > (off_t)s->at ? (uint64_t)next : s->at + BUFFER;
    return 0;
}

/* It reads as zeros; those come from memory. */
static ssize_t hash_hole(struct stream *s, size_t len)
{
    static const char zeros[64 << 10];

    for (size_t done = 0; done < len; done += sizeof zeros)
        hasher_add(s->c->hasher, zeros, len - done < sizeof zeros ? len - done : sizeof zeros);
    return (ssize_t)len;
}

/* Bytes read and hashed, 0 at the end of the file, or -errno. */
static ssize_t hash_data(struct stream *s)
{
    struct reread *c = s->c;
    ssize_t n = c->cached ? peek(s) : -EAGAIN;

    if (n == -EAGAIN)
        n = read_disk(s);
    if (n <= 0)
        return n;
    if ((uint64_t)n > s->size - s->at)
        n = (ssize_t)(s->size - s->at);
    hasher_add(c->hasher, c->buffer, (size_t)n);
    return n;
}

/* The same, having looked for holes and the cancel. */
static ssize_t step(struct stream *s)
{
    struct reread *c = s->c;

    if (c->cancel && atomic_load_explicit(c->cancel, memory_order_relaxed))
        return -ECANCELED;
    size_t hole = hole_at(s);
    ssize_t n = hole ? hash_hole(s, hole) : hash_data(s);
    if (n <= 0)
        return n;
    s->at += (uint64_t)n;
    if (c->progress)
        c->progress(c->arg, (uint64_t)n);
    drop_behind(s, false);
    return n;
}

static bool may_have_holes(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (uint64_t)st.st_blocks * 512 < (uint64_t)st.st_size;
}

int reread_digest(struct reread *c, int fd, uint64_t size, bool fresh, struct digest *ret_digest)
{
    struct stream s = {.c = c, .fd = fd, .size = size, .can_direct = true, .can_peek = true,
                       .sparse = may_have_holes(fd)};
    ssize_t n = 1;

    hasher_reset(c->hasher);
    if (size)
        prepare(&s, fresh);
    while (s.at < size && (n = step(&s)) > 0)
        ;
    drop_behind(&s, true);
    *ret_digest = hasher_get(c->hasher);
    return n < 0 ? (int)n : 0;
}
