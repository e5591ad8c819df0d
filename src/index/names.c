#include "index/names.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sum.h"

/* The layout stands in listing.h. */
enum { FLAG_NLINK = 1, FLAG_ERR = 2, FLAG_MOUNT = 4, FLAGS_KNOWN = 7 };
enum { PLAIN_FIELDS = 5 };    /* size, mtime, ctime, inode, owner: behind the mode, in every entry */
enum { TIMES_AND_OWNER = 3 }; /* ctime, inode, owner */
#define COPY 16               /* bytes that a name is copied by */

int names_open(struct names *n, const void *blob, size_t len)
{
    struct listing l;

    n->left = 0;
    if (listing_open(&l, blob, len, NULL, 0) < 0)
        return -EBADMSG;
    n->at = l.in.at;
    n->end = l.in.end;
    n->left = l.left;
    n->index = 0;
    listing_close(&l);
    buf_truncate(&n->name, n->offset);
    return 0;
}

void names_close(struct names *n)
{
    buf_free(&n->name);
    *n = (struct names){0};
}

/* Past a number of `bytes`. One that ends behind `end` took some of the checksum: the listing lies. */
static inline uint64_t past(struct names *n, size_t bytes, uint64_t value, bool *bad)
{
    n->at += bytes;
    *bad |= n->at > n->end;
    return value;
}

/* Most are of one byte, a mode is of three. The checksum behind the entries makes four readable before `end`. */
static inline uint64_t number(struct names *n, bool *bad)
{
    uint32_t word = 0;

    if (n->at < n->end)
        memcpy(&word, n->at, sizeof word);
    word = n->at < n->end ? le32toh(word) : UINT32_MAX;
    if (!(word & 0x80))
        return past(n, 1, word & 0x7f, bad);
    if (!(word & 0x8000))
        return past(n, 2, (word & 0x7f) | (word >> 1 & 0x3f80), bad);
    if (!(word & 0x800000))
        return past(n, 3, (word & 0x7f) | (word >> 1 & 0x3f80) | (word >> 2 & 0x1fc000), bad);
    struct reader r = {.at = n->at, .end = n->end};
    uint64_t value = read_varint(&r);
    n->at = r.at;
    *bad |= r.bad;
    return value;
}

/*
 * Skip `count` numbers, eight bytes at a time: each ends with its first byte that has no high bit. The checksum
 * behind the entries makes eight bytes readable from anywhere before `end`.
 */
static bool skip(struct names *n, unsigned count)
{
    const uint64_t high = 0x8080808080808080u;
    uint64_t word;

    while (n->at < n->end) {
        memcpy(&word, n->at, sizeof word);
        uint64_t ends = ~le64toh(word) & high;
        unsigned found = (unsigned)((ends >> 7) * 0x0101010101010101u >> 56);
        if (found >= count) {
            while (--count)
                ends &= ends - 1;
            n->at += (unsigned)__builtin_ctzll(ends) / 8 + 1;
            return n->at <= n->end;
        }
        count -= found;
        n->at += sizeof word;
    }
    return false;
}

static bool skip_target(struct names *n)
{
    bool bad = false;
    uint64_t len = number(n, &bad);

    if (bad || len > (size_t)(n->end - n->at))
        return false;
    n->at += len;
    return true;
}

/* Short pieces are copied in one go with what follows them, which costs less than finding out how much to copy. */
static inline void put(struct names *n, size_t place, size_t len)
{
    n->name.len = place;
    if (n->name.room - place < len + COPY)
        buf_reserve(&n->name, len + COPY);
    if (len <= COPY && n->end - n->at >= COPY)
        memcpy(n->name.data + place, n->at, COPY);
    else
        memcpy(n->name.data + place, n->at, len);
    n->name.len = place + len;
    n->at += len;
}

/* Flags, what the name shares with the one before, and how much more there is: mostly a byte each. */
static inline bool read_head(struct names *n, uint64_t *ret_flags, uint64_t *ret_more)
{
    bool bad = false;
    uint32_t word = UINT32_MAX;

    if (n->end - n->at >= 3)
        memcpy(&word, n->at, sizeof word);
    word = le32toh(word);
    if (word & 0x808080) {
        *ret_flags = number(n, &bad);
        n->shared = number(n, &bad);
        *ret_more = number(n, &bad);
    } else {
        *ret_flags = word & 0x7f;
        n->shared = word >> 8 & 0x7f;
        *ret_more = word >> 16 & 0x7f;
        n->at += 3;
    }
    return !bad && *ret_flags <= FLAGS_KNOWN && n->shared <= n->name.len - n->offset &&
           *ret_more <= (size_t)(n->end - n->at);
}

static bool read_entry(struct names *n)
{
    bool bad = false;
    uint64_t flags, more;

    if (!read_head(n, &flags, &more))
        return false;
    put(n, n->offset + n->shared, more);
    n->mode = (uint32_t)number(n, &bad);
    if (bad || !skip(n, PLAIN_FIELDS + !!(flags & FLAG_NLINK) + !!(flags & FLAG_ERR)))
        return false;
    return !S_ISLNK(n->mode) || skip_target(n);
}

int names_next(struct names *n)
{
    if (!n->left)
        return 0;
    if (!read_entry(n)) {
        n->left = 0;
        return -EBADMSG;
    }
    n->left--;
    n->index++;
    return 1;
}

/* ---- adding up ---- */

/* A difference of times takes eight bytes or nine: too many for `number`, and there is one in every entry. */
static inline int64_t difference(struct names *n, bool *bad)
{
    uint64_t value = 0;
    unsigned shift = 0;

    while (n->at < n->end && shift < 64) {
        unsigned char byte = *n->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
        if (byte < 0x80)
            return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
    }
    *bad = true;
    return 0;
}

static void count_file(struct totals *t, uint64_t size, int64_t mtime)
{
    if (!t->files++ || mtime > t->newest)
        t->newest = mtime;
    t->bytes = sum_add(t->bytes, (int64_t)size);
}

/* Of a name only its length is followed: the next one may share no more. */
static bool total_entry(struct names *n, int64_t *mtime, struct totals *t)
{
    bool bad = false;
    uint64_t flags, more;

    if (!read_head(n, &flags, &more))
        return false;
    n->name.len = n->shared + more;
    n->at += more;
    uint32_t mode = (uint32_t)number(n, &bad);
    uint64_t size = number(n, &bad);
    *mtime = (int64_t)((uint64_t)*mtime + (uint64_t)difference(n, &bad));
    if (bad || !skip(n, TIMES_AND_OWNER + !!(flags & FLAG_NLINK) + !!(flags & FLAG_ERR)))
        return false;
    t->errors += (flags & (FLAG_ERR | FLAG_MOUNT)) != 0;
    if (S_ISREG(mode))
        count_file(t, size, *mtime);
    return !S_ISLNK(mode) || skip_target(n);
}

int names_total(const void *blob, size_t len, struct totals *t)
{
    struct names n = {0};
    int64_t mtime = 0;

    if (names_open(&n, blob, len) < 0)
        return -EBADMSG;
    for (; n.left; n.left--)
        if (!total_entry(&n, &mtime, t))
            return -EBADMSG;
    return 0;
}
