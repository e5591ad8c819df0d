#include "index/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/sum.h"
#include "index/filesystem.h"

#define VERSION 1
#define CHECKSUM_SIZE 8
#define SMALLEST_ENTRY 9     /* bytes: what an entry takes at least */
#define TYPICAL_ENTRY 48     /* bytes to make room for at once */

enum { FLAG_NLINK = 1, FLAG_ERR = 2, FLAG_MOUNT = 4, FLAGS_KNOWN = 7 };

int entry_compare_names(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t common = a_len < b_len ? a_len : b_len;
    int order = common ? memcmp(a, b, common) : 0;

    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static size_t shared_prefix(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t max = a_len < b_len ? a_len : b_len, n = 0;

    while (n < max && a[n] == b[n])
        n++;
    return n;
}

uint64_t entry_bytes(const struct entry *e) { return S_ISREG(e->mode) ? e->size : 0; }

void totals_add_entry(struct totals *t, const struct entry *e)
{
    if (e->err || e->mount)
        t->errors++;
    if (!S_ISREG(e->mode))
        return;
    if (!t->files++ || e->mtime > t->newest)
        t->newest = e->mtime;
    t->bytes = sum_add(t->bytes, (int64_t)e->size);
}

void totals_add(struct totals *t, const struct totals *more)
{
    if (more->files && (!t->files || more->newest > t->newest))
        t->newest = more->newest;
    t->files += more->files;
    t->bytes = sum_add(t->bytes, more->bytes);
    t->errors += more->errors;
}

/* ---- writing ---- */

struct owner {
    uint32_t uid, gid;
};

struct owners {
    struct owner *list;
    size_t count, room;
};

/* The position of an owner, added when new. A directory has one to three: a linear search from the last wins. */
static size_t intern(struct owners *o, uint32_t uid, uint32_t gid)
{
    for (size_t i = o->count; i-- > 0;)
        if (o->list[i].uid == uid && o->list[i].gid == gid)
            return i;
    if (o->count == o->room) {
        o->room = o->room ? o->room * 2 : 4;
        o->list = mem_realloc(o->list, o->room * sizeof *o->list);
    }
    o->list[o->count] = (struct owner){uid, gid};
    return o->count++;
}

static uint64_t flags_of(const struct entry *e)
{
    return (e->nlink > 1 ? FLAG_NLINK : 0) | (e->err ? FLAG_ERR : 0) | (e->mount ? FLAG_MOUNT : 0);
}

/* Room is made once for all of an entry but its target: most of a load's own time goes here. */
static void encode_entry(const struct entry *e, const struct entry *before, size_t owner, struct buf *out)
{
    size_t shared = shared_prefix(before->name, before->name_len, e->name, e->name_len), more = e->name_len - shared;

    buf_reserve(out, more + 12 * VARINT_MAX);
    unsigned char *at = (unsigned char *)out->data + out->len;
    at = put_varint(at, flags_of(e));
    at = put_varint(at, shared);
    at = put_varint(at, more);
    memcpy(at, e->name + shared, more);
    at = put_varint(at + more, e->mode);
    at = put_varint(at, e->size);
    at = put_signed(at, (int64_t)((uint64_t)e->mtime - (uint64_t)before->mtime));
    at = put_signed(at, (int64_t)((uint64_t)e->ctime - (uint64_t)e->mtime));
    at = put_signed(at, (int64_t)(e->ino - before->ino));
    at = put_varint(at, owner);
    if (e->nlink > 1)
        at = put_varint(at, e->nlink);
    if (e->err)
        at = put_varint(at, (uint64_t)e->err);
    out->len = (size_t)((char *)at - out->data);
    if (S_ISLNK(e->mode)) {
        buf_add_varint(out, e->target_len);
        buf_add(out, e->target, e->target_len);
    }
}

static uint64_t add_checksum(struct buf *out, size_t start)
{
    uint64_t sum = hash64_of(out->data + start, out->len - start);

    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_byte(out, (unsigned char)(sum >> shift));
    return sum;
}

uint64_t listing_encode(const struct entry *entries, size_t count, struct buf *out)
{
    static const struct entry nothing = {.name = ""};
    struct owners owners = {0};
    size_t start = out->len;

    buf_reserve(out, 64 + count * TYPICAL_ENTRY);
    for (size_t i = 0; i < count; i++)
        intern(&owners, entries[i].uid, entries[i].gid);
    buf_add_byte(out, VERSION);
    buf_add_varint(out, count);
    buf_add_varint(out, owners.count);
    for (size_t i = 0; i < owners.count; i++) {
        buf_add_varint(out, owners.list[i].uid);
        buf_add_varint(out, owners.list[i].gid);
    }
    for (size_t i = 0; i < count; i++)
        encode_entry(&entries[i], i ? &entries[i - 1] : &nothing, intern(&owners, entries[i].uid, entries[i].gid), out);
    free(owners.list);
    return add_checksum(out, start);
}

/* ---- the fingerprint ---- */

static void print_text(struct buf *b, const char *text, size_t len)
{
    buf_add_varint(b, len);
    buf_add(b, text, len);
}

static void print_entry(struct buf *b, const struct entry *e)
{
    buf_reserve(b, e->name_len + 5 * VARINT_MAX);
    unsigned char *at = (unsigned char *)b->data + b->len;
    at = put_varint(at, e->name_len);
    memcpy(at, e->name, e->name_len);
    at = put_varint(at + e->name_len, e->mode & S_IFMT);
    at = put_varint(at, (uint64_t)e->err);
    if (!S_ISDIR(e->mode)) {
        at = put_varint(at, e->size);
        at = put_signed(at, e->mtime);
    }
    b->len = (size_t)((char *)at - b->data);
    if (S_ISLNK(e->mode))
        print_text(b, e->target, e->target_len);
}

struct digest listing_fingerprint(const char *path, size_t path_len, const struct entry *entries, size_t count)
{
    struct buf b = {0};

    buf_reserve(&b, path_len + 64 + count * TYPICAL_ENTRY);
    print_text(&b, path, path_len);
    for (size_t i = 0; i < count; i++)
        if (entries[i].name_len && (entries[i].err || !S_ISSOCK(entries[i].mode)))
            print_entry(&b, &entries[i]);
    struct digest print = digest_of(b.data, b.len);
    buf_free(&b);
    return print;
}

/* ---- reading ---- */

static bool checksum_holds(const unsigned char *blob, size_t len)
{
    uint64_t sum = 0;

    if (len < CHECKSUM_SIZE + 1)
        return false;
    for (int i = 0; i < CHECKSUM_SIZE; i++)
        sum = sum << 8 | blob[len - CHECKSUM_SIZE + (size_t)i];
    return sum == hash64_of(blob, len - CHECKSUM_SIZE);
}

static bool read_owners(struct listing *l)
{
    l->owner_count = read_varint(&l->in);
    /* Each owner takes two bytes at least: a count beyond that is damage, not a reason to allocate. */
    if (l->in.bad || l->owner_count > (size_t)(l->in.end - l->in.at) / 2)
        return false;
    l->owners = mem_alloc(l->owner_count * 2 * sizeof *l->owners);
    for (uint64_t i = 0; i < l->owner_count * 2; i++)
        l->owners[i] = (uint32_t)read_varint(&l->in);
    return !l->in.bad;
}

int listing_open(struct listing *l, const void *blob, size_t len, const void *digests, size_t digests_len)
{
    const unsigned char *bytes = blob;

    *l = (struct listing){0};
    if (!checksum_holds(bytes, len) || bytes[0] != VERSION)
        return -EBADMSG;
    l->in = (struct reader){.at = bytes + 1, .end = bytes + len - CHECKSUM_SIZE};
    l->left = read_varint(&l->in);
    /* A count that the bytes cannot hold is a lie, not a reason to allocate. */
    if (!read_owners(l) || l->left > (size_t)(l->in.end - l->in.at) / SMALLEST_ENTRY) {
        listing_close(l);
        return -EBADMSG;
    }
    if (digests && l->left <= SIZE_MAX / DIGEST_SLOT && digests_len == l->left * DIGEST_SLOT)
        l->digests = digests;
    return 0;
}

static bool read_name(struct listing *l)
{
    uint64_t shared = read_varint(&l->in), more = read_varint(&l->in);
    const char *bytes = read_bytes(&l->in, more);

    if (!bytes || shared > l->name.len)
        return false;
    buf_truncate(&l->name, shared);
    buf_add(&l->name, bytes, more);
    return true;
}

static bool read_owner(struct listing *l, struct entry *e)
{
    uint64_t owner = read_varint(&l->in);

    if (owner >= l->owner_count)
        return false;
    e->uid = l->owners[2 * owner];
    e->gid = l->owners[2 * owner + 1];
    return true;
}

static bool read_target(struct listing *l, struct entry *e)
{
    uint64_t len = read_varint(&l->in);
    const char *bytes = read_bytes(&l->in, len);

    if (!bytes)
        return false;
    buf_clear(&l->target);
    buf_add(&l->target, bytes, len);
    e->target = buf_str(&l->target);
    e->target_len = (uint32_t)len;
    return true;
}

static bool read_entry(struct listing *l, struct entry *e)
{
    uint64_t flags = read_varint(&l->in);

    if (flags & ~(uint64_t)FLAGS_KNOWN || !read_name(l))
        return false;
    e->name = buf_str(&l->name);
    e->name_len = (uint32_t)l->name.len;
    e->mode = (uint32_t)read_varint(&l->in);
    e->size = read_varint(&l->in);
    e->mtime = (int64_t)((uint64_t)l->mtime + (uint64_t)read_signed(&l->in));
    e->ctime = (int64_t)((uint64_t)e->mtime + (uint64_t)read_signed(&l->in));
    e->ino = l->ino + (uint64_t)read_signed(&l->in);
    if (!read_owner(l, e))
        return false;
    e->nlink = flags & FLAG_NLINK ? (uint32_t)read_varint(&l->in) : 1;
    e->err = flags & FLAG_ERR ? (int)read_varint(&l->in) : 0;
    e->mount = flags & FLAG_MOUNT;
    if (S_ISLNK(e->mode) && !read_target(l, e))
        return false;
    l->mtime = e->mtime;
    l->ino = e->ino;
    return !l->in.bad;
}

int listing_next(struct listing *l, struct entry *ret_entry)
{
    if (!l->left)
        return 0;
    *ret_entry = (struct entry){0};
    if (!read_entry(l, ret_entry)) {
        l->left = 0;
        return -EBADMSG;
    }
    l->left--;
    l->at++;
    return 1;
}

void listing_set_times(struct listing *l, const void *times, size_t len)
{
    if (times && l->left <= SIZE_MAX / TIME_SLOT && len == l->left * TIME_SLOT)
        l->times = times;
}

static const unsigned char *slot_of(const struct listing *l)
{
    return l->digests && l->at ? l->digests + (l->at - 1) * DIGEST_SLOT : NULL;
}

enum digest_state listing_digest(const struct listing *l, struct digest *ret_digest)
{
    const unsigned char *slot = slot_of(l);
    int state = slot ? *slot & ~DIGEST_MARKS : DIGEST_NONE;

    if (state != DIGEST_CONFIRMED && state != DIGEST_UNCONFIRMED)
        return DIGEST_NONE;
    memcpy(ret_digest->bytes, slot + 1, DIGEST_SIZE);
    return (enum digest_state)state;
}

int listing_marks(const struct listing *l)
{
    const unsigned char *slot = slot_of(l);
    return slot ? *slot & DIGEST_MARKS : 0;
}

bool listing_damaged(const struct listing *l) { return listing_marks(l) & DIGEST_DAMAGED; }

int64_t listing_verified(const struct listing *l)
{
    if (!l->times || !l->at)
        return 0;
    const unsigned char *t = l->times + (l->at - 1) * TIME_SLOT;
    return (int64_t)((uint32_t)t[0] << 24 | (uint32_t)t[1] << 16 | (uint32_t)t[2] << 8 | t[3]);
}

void listing_close(struct listing *l)
{
    free(l->owners);
    buf_free(&l->name);
    buf_free(&l->target);
    *l = (struct listing){0};
}

/* ---- digests of a directory that was read again ---- */

/* Slots are made when the first one is set. */
static char *slot_in(struct buf *slots, uint64_t entries, uint64_t at, size_t size)
{
    if (!slots->len) {
        buf_reserve(slots, entries * size);
        memset(slots->data, 0, entries * size);
        slots->len = entries * size;
    }
    return slots->data + at * size;
}

char *slots_digest(struct slots *s, uint64_t entries, uint64_t at) { return slot_in(&s->digests, entries, at, DIGEST_SLOT); }

void slots_free(struct slots *s)
{
    buf_free(&s->digests);
    buf_free(&s->times);
}

int64_t slots_marked(const struct slots *s, int mark)
{
    int64_t count = 0;

    for (size_t at = 0; at < s->digests.len; at += DIGEST_SLOT)
        count += (s->digests.data[at] & mark) != 0;
    return count;
}

static bool has_same_size(const struct entry *old, const struct entry *now)
{
    return S_ISREG(now->mode) && S_ISREG(old->mode) && !now->err && now->size == old->size;
}

/*
 * Where times are kept to the second, or have an end, a time that moved from the one to the other may be the same still. What
 * was copied to such a disk before it moved looks like it, and is not.
 */
static bool is_one_somewhere(int64_t old, int64_t now)
{
    uint64_t apart = old > now ? (uint64_t)old - (uint64_t)now : (uint64_t)now - (uint64_t)old;

    return apart < TRAITS_COARSEST || times_are_beyond(old, now);
}

/* One side of a diff: the entry at hand, and whether there is one. */
struct side {
    struct listing *listing;
    struct entry entry;
    int have;    /* 1, 0 at the end, -EBADMSG */
};

static void advance(struct side *s) { s->have = s->listing ? listing_next(s->listing, &s->entry) : 0; }

/* An empty file has the content of every other one. */
static bool has_moved(const struct entry *old, const struct entry *now, int signs)
{
    if (!now->size)
        return false;
    return ((signs & SIGN_CTIME) && old->ctime != now->ctime) || ((signs & SIGN_INODE) && old->ino != now->ino);
}

/* A mount of coarser times shows the same time with less of it. */
static bool is_cut(int64_t old, int64_t now)
{
    return now == old || (now % NSEC_PER_SEC == 0 && old > now && (uint64_t)old - (uint64_t)now < TRAITS_COARSEST);
}

/* What was found out about the content stays with it, as far as the new entry is still of that content. */
static void keep_digest(const struct side *old, const struct side *now, uint64_t entries, int signs, struct slots *out)
{
    struct digest d = {0};
    enum digest_state state = listing_digest(old->listing, &d);
    const int64_t was_time = old->entry.mtime, time = now->entry.mtime;
    bool cut = was_time % NSEC_PER_SEC && is_cut(was_time, time) && (!(signs & SIGN_CTIME) || is_cut(old->entry.ctime, now->entry.ctime));
    bool near = was_time != time && now->entry.size && !cut && is_one_somewhere(was_time, time);
    bool moved = near || has_moved(&old->entry, &now->entry, signs);
    int marks = listing_marks(old->listing) | (moved ? DIGEST_MOVED : 0);
    uint64_t at = now->listing->at - 1, was_at = old->listing->at - 1;

    if ((state == DIGEST_NONE && !(marks & DIGEST_OPEN)) || !has_same_size(&old->entry, &now->entry) || (was_time != time && !near))
        return;
    if (state == DIGEST_CONFIRMED && moved)
        state = DIGEST_UNCONFIRMED;
    char *slot = slots_digest(out, entries, at);
    *slot = (char)(state | marks);
    memcpy(slot + 1, d.bytes, DIGEST_SIZE);
    if (listing_verified(old->listing) && !moved)
        memcpy(slot_in(&out->times, entries, at, TIME_SLOT), old->listing->times + was_at * TIME_SLOT, TIME_SLOT);
}

static void count_change(const struct side *old, const struct side *now, int order, int signs,
                         struct listing_change *change)
{
    bool was = order <= 0 && S_ISREG(old->entry.mode), is = order >= 0 && S_ISREG(now->entry.mode);

    if (is && !was)
        change->added++;
    else if (was && !is)
        change->removed++;
    else if (was && is && (old->entry.size != now->entry.size || old->entry.mtime != now->entry.mtime))
        change->changed++;
    else if (was && is)
        change->moved += has_moved(&old->entry, &now->entry, signs);
}

int listing_diff(struct listing *old, struct listing *now, int signs, struct listing_change *change, struct slots *out)
{
    struct side a = {.listing = old}, b = {.listing = now};
    uint64_t entries = now ? now->left : 0;

    advance(&a);
    advance(&b);
    while (a.have == 1 || b.have == 1) {
        int order = a.have != 1 ? 1 : b.have != 1 ? -1
                    : entry_compare_names(a.entry.name, a.entry.name_len, b.entry.name, b.entry.name_len);
        count_change(&a, &b, order, signs, change);
        if (order == 0)
            keep_digest(&a, &b, entries, signs, out);
        if (order <= 0)
            advance(&a);
        if (order >= 0)
            advance(&b);
    }
    return b.have < 0 ? b.have : 0;
}
