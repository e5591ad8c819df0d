/* The packed listings: what goes in comes out, damage is seen, digests follow their files. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "index/filesystem.h"
#include "index/listing.h"
#include "index/renamed.h"
#include "suites.h"

#define LATER (1000000000 * NSEC_PER_SEC)    /* 2001, where no disk has an end */

#define MAX 200

struct made {
    struct entry entries[MAX];
    char names[MAX][256], targets[MAX][64];
    size_t count;
};

static uint64_t seed;

static uint64_t roll(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return seed >> 16;
}

static int by_name(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return entry_compare_names(x->name, x->name_len, y->name, y->name_len);
}

/* Names of any bytes, times before 1970 and beyond 2038, sizes up to 2^63, owners of all sorts. */
static void make_entry(struct made *m, size_t i)
{
    static const uint32_t kinds[] = {S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO, S_IFSOCK, S_IFCHR, 0};
    struct entry *e = &m->entries[i];
    size_t len = 4 + roll() % 252;

    for (size_t at = 0; at < len; at++)
        do
            m->names[i][at] = (char)roll();
        while (!m->names[i][at] || m->names[i][at] == '/');
    memcpy(m->names[i], &(uint32_t){(uint32_t)(i + 1) * 0x01010101u | 0x80}, i % 2 ? 4 : 0);
    m->names[i][len] = 0;
    *e = (struct entry){.name = m->names[i], .name_len = (uint32_t)strlen(m->names[i])};
    e->mode = kinds[roll() % 7] | (roll() & 07777);
    e->size = roll() << (roll() % 16);
    e->mtime = (int64_t)(roll() << 16 ^ roll()) * (roll() % 2 ? 1 : -1);
    e->ctime = roll() % 3 ? e->mtime : INT64_MIN + (int64_t)roll();
    e->ino = roll() << 16 | roll();
    e->uid = roll() % 4 ? 1000 : (uint32_t)roll();
    e->gid = roll() % 4 ? 1000 : UINT32_MAX;
    e->nlink = roll() % 5 ? 1 : (uint32_t)(2 + roll() % 9);
    e->err = roll() % 9 ? 0 : EACCES;
    e->mount = roll() % 17 == 0;
    if (S_ISLNK(e->mode)) {
        e->target_len = (uint32_t)(roll() % 63);
        memset(m->targets[i], 'a' + (int)(roll() % 26), e->target_len);
        e->target = m->targets[i];
    }
}

static void make(struct made *m, uint64_t number)
{
    memset(m, 0, sizeof *m);
    seed = number;
    m->count = roll() % MAX;
    for (size_t i = 0; i < m->count; i++)
        make_entry(m, i);
    qsort(m->entries, m->count, sizeof *m->entries, by_name);
}

static void assert_same(const struct entry *a, const struct entry *b)
{
    ck_assert_uint_eq(a->name_len, b->name_len);
    ck_assert_mem_eq(a->name, b->name, a->name_len + 1);
    ck_assert_uint_eq(a->mode, b->mode);
    ck_assert_uint_eq(a->size, b->size);
    ck_assert_int_eq(a->mtime, b->mtime);
    ck_assert_int_eq(a->ctime, b->ctime);
    ck_assert_uint_eq(a->ino, b->ino);
    ck_assert_uint_eq(a->uid, b->uid);
    ck_assert_uint_eq(a->gid, b->gid);
    ck_assert_uint_eq(a->nlink, b->nlink);
    ck_assert_int_eq(a->err, b->err);
    ck_assert_int_eq(a->mount, b->mount);
    ck_assert_uint_eq(a->target_len, b->target_len);
    if (a->target_len)
        ck_assert_mem_eq(a->target, b->target, a->target_len);
}

START_TEST(what_goes_in_comes_out)
{
    struct made *m = malloc(sizeof *m);
    struct buf packed = {0};
    struct listing l;
    struct entry e;

    for (uint64_t number = 1; number <= 300; number++) {
        make(m, number);
        buf_clear(&packed);
        listing_encode(m->entries, m->count, &packed);
        ck_assert_int_eq(listing_open(&l, packed.data, packed.len, NULL, 0), 0);
        for (size_t i = 0; i < m->count; i++) {
            ck_assert_int_eq(listing_next(&l, &e), 1);
            assert_same(&m->entries[i], &e);
        }
        ck_assert_int_eq(listing_next(&l, &e), 0);
        listing_close(&l);
    }
    buf_free(&packed);
    free(m);
}
END_TEST

START_TEST(damage_is_seen)
{
    struct made *m = malloc(sizeof *m);
    struct buf packed = {0};
    struct listing l;

    make(m, 7);
    listing_encode(m->entries, m->count, &packed);
    for (size_t at = 0; at < packed.len; at++) {
        packed.data[at] ^= 0x10;
        ck_assert_int_eq(listing_open(&l, packed.data, packed.len, NULL, 0), -EBADMSG);
        packed.data[at] ^= 0x10;
        ck_assert_int_eq(listing_open(&l, packed.data, at, NULL, 0), -EBADMSG);
    }
    ck_assert_int_eq(listing_open(&l, packed.data, packed.len, NULL, 0), 0);
    listing_close(&l);
    buf_free(&packed);
    free(m);
}
END_TEST

/* A listing whose checksum is right but whose content lies: counts and lengths beyond the bytes must end, not crash. */
START_TEST(lies_end_the_reading)
{
    static const unsigned char lies[][12] = {
        {1, 0xff, 0xff, 0x7f, 0},                              /* entries that are not there */
        {1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},            /* owners without end */
        {1, 1, 1, 0, 0, 0, 0xff, 0x7f, 0},                     /* shares more of a name than there was */
        {1, 1, 1, 0, 0, 8, 0, 1, 'a'},                         /* an unknown flag */
        {1, 1, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f},   /* a name longer than the blob */
        {1, 0x90, 0x9e, 0xbc, 0xf8, 0xf0, 0xe1, 0xc3, 0x87, 0x0f, 1, 0},    /* a count whose slots would wrap around */
    };
    struct buf blob = {0};
    struct listing l;
    struct entry e;

    buf_add(&blob, lies[_i], sizeof lies[_i]);
    uint64_t sum = hash64_of(blob.data, blob.len);
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_byte(&blob, (unsigned char)(sum >> shift));
    int code = listing_open(&l, blob.data, blob.len, NULL, 0);
    if (!code)
        while ((code = listing_next(&l, &e)) == 1)
            ;
    ck_assert_int_eq(code, -EBADMSG);
    listing_close(&l);
    buf_free(&blob);
}
END_TEST

static struct entry file(const char *name, uint64_t size, int64_t mtime, int64_t ctime)
{
    return (struct entry){.name = name, .name_len = (uint32_t)strlen(name), .mode = S_IFREG | 0644, .size = size,
                          .mtime = mtime, .ctime = ctime, .nlink = 1, .ino = 5};
}

START_TEST(fingerprints_see_what_matters)
{
    struct entry e[2] = {file("a", 1, 10, 10), file("b", 2, 20, 20)};
    struct digest before = listing_fingerprint("x", 1, e, 2), after;

    e[0].ctime = 99, e[0].ino = 99, e[0].uid = 9;
    after = listing_fingerprint("x", 1, e, 2);
    ck_assert_mem_eq(before.bytes, after.bytes, DIGEST_SIZE);
    after = listing_fingerprint("y", 1, e, 2);
    ck_assert_mem_ne(before.bytes, after.bytes, DIGEST_SIZE);
    e[1].mtime++;
    after = listing_fingerprint("x", 1, e, 2);
    ck_assert_mem_ne(before.bytes, after.bytes, DIGEST_SIZE);
    e[1].mtime--, e[1].size++;
    after = listing_fingerprint("x", 1, e, 2);
    ck_assert_mem_ne(before.bytes, after.bytes, DIGEST_SIZE);
    e[1].size--, e[1].mode = S_IFDIR;
    before = listing_fingerprint("x", 1, e, 2);
    e[1].mtime++;
    after = listing_fingerprint("x", 1, e, 2);
    ck_assert_mem_eq(before.bytes, after.bytes, DIGEST_SIZE);
    e[1].mode = S_IFSOCK;
    before = listing_fingerprint("x", 1, e, 1);
    after = listing_fingerprint("x", 1, e, 2);
    ck_assert_mem_eq(before.bytes, after.bytes, DIGEST_SIZE);
    e[1].err = 5;
    after = listing_fingerprint("x", 1, e, 2);
    ck_assert_mem_ne(before.bytes, after.bytes, DIGEST_SIZE);
}
END_TEST

static void slot(struct buf *slots, enum digest_state state, unsigned char fill)
{
    buf_add_byte(slots, (unsigned char)state);
    for (int i = 0; i < DIGEST_SIZE; i++)
        buf_add_byte(slots, fill);
}

/* A directory of two readings, the first one with slots. */
struct readings {
    struct buf a, b;
    struct listing old, now;
    struct slots out;
    struct listing_change change;
};

static void diff(struct readings *r, const struct entry *old, size_t olds, const struct entry *now, size_t nows,
                 const struct buf *digests, const char *times, int signs)
{
    *r = (struct readings){0};
    listing_encode(old, olds, &r->a);
    listing_encode(now, nows, &r->b);
    ck_assert_int_eq(listing_open(&r->old, r->a.data, r->a.len, digests->data, digests->len), 0);
    listing_set_times(&r->old, times, olds * TIME_SLOT);
    ck_assert_int_eq(listing_open(&r->now, r->b.data, r->b.len, NULL, 0), 0);
    ck_assert_int_eq(listing_diff(&r->old, &r->now, signs, &r->change, &r->out), 0);
}

static void forget(struct readings *r)
{
    listing_close(&r->old);
    listing_close(&r->now);
    buf_free(&r->a), buf_free(&r->b), slots_free(&r->out);
}

static int slot_of(const struct readings *r, int at) { return r->out.digests.data[at * DIGEST_SLOT] & 0xff; }

START_TEST(digests_follow_their_files)
{
    /* kept, moved ctime, changed size, removed */
    const struct entry old[] = {file("a", 1, 10, 10), file("b", 1, 10, 10), file("c", 1, 10, 10), file("d", 1, 10, 10)};
    const struct entry now[] = {file("a", 1, 10, 10), file("b", 1, 10, 11), file("bb", 1, 1, 1), file("c", 2, 10, 10)};
    struct buf slots = {0};
    struct readings r;

    for (unsigned char i = 1; i <= 4; i++)
        slot(&slots, DIGEST_CONFIRMED | (i < 3 ? DIGEST_DAMAGED : 0), i);
    diff(&r, old, 4, now, 4, &slots, "\1\2\3\4\0\0\0\1\0\0\0\1\0\0\0\1", SIGN_CTIME);
    ck_assert_int_eq(r.change.added, 1);
    ck_assert_int_eq(r.change.changed, 1);
    ck_assert_int_eq(r.change.removed, 1);
    ck_assert_uint_eq(r.out.digests.len, 4 * DIGEST_SLOT);
    ck_assert_int_eq(slot_of(&r, 0), DIGEST_CONFIRMED | DIGEST_DAMAGED);
    ck_assert_int_eq(r.out.digests.data[1], 1);
    ck_assert_int_eq(slot_of(&r, 1), DIGEST_UNCONFIRMED | DIGEST_DAMAGED | DIGEST_MOVED);
    ck_assert_int_eq(r.out.digests.data[DIGEST_SLOT + 1], 2);
    ck_assert_int_eq(slot_of(&r, 2), DIGEST_NONE);
    ck_assert_int_eq(slot_of(&r, 3), DIGEST_NONE);
    ck_assert_int_eq(slots_marked(&r.out, DIGEST_DAMAGED), 2);
    ck_assert_uint_eq(r.out.times.len, 4 * TIME_SLOT);
    ck_assert_mem_eq(r.out.times.data, "\1\2\3\4\0\0\0\0\0\0\0\0\0\0\0\0", 16);    /* a moved ctime loses it */
    forget(&r);
    buf_free(&slots);
}
END_TEST

START_TEST(signs_that_move_leave_a_mark)
{
    /* another inode, a moved ctime, both as they were, moved and of another time, moved before */
    const struct entry old[] = {file("a", 1, 10, 10), file("b", 1, 10, 10), file("c", 1, 10, 10), file("d", 1, LATER, 10),
                                file("e", 1, 10, 10)};
    struct entry now[5];
    struct buf slots = {0};
    struct readings r;
    static const struct { int signs, a, b; } rows[] = {
        {SIGN_CTIME | SIGN_INODE, DIGEST_MOVED, DIGEST_MOVED}, {SIGN_CTIME, 0, DIGEST_MOVED},
        {SIGN_INODE, DIGEST_MOVED, 0}, {0, 0, 0},
    };

    memcpy(now, old, sizeof now);
    now[0].ino++, now[1].ctime++, now[3].ctime++, now[3].mtime += 2 * NSEC_PER_SEC;
    for (int i = 0; i < 4; i++)
        slot(&slots, DIGEST_NONE, 0);
    slot(&slots, (enum digest_state)DIGEST_MOVED, 0);
    diff(&r, old, 5, now, 5, &slots, NULL, rows[_i].signs);
    ck_assert_int_eq(slot_of(&r, 0), rows[_i].a);
    ck_assert_int_eq(slot_of(&r, 1), rows[_i].b);
    ck_assert_int_eq(slot_of(&r, 2), 0);
    ck_assert_int_eq(slot_of(&r, 3), 0);
    ck_assert_int_eq(slot_of(&r, 4), DIGEST_MOVED);
    forget(&r);
    buf_free(&slots);
}
END_TEST

/* A time that moved: what a disk of coarse times, or of other ends, may hold for one time says nothing of the content. */
START_TEST(times_that_are_one_elsewhere_leave_a_mark)
{
    static const struct { int64_t old, now, ctime; int mark; } rows[] = {
        {LATER + 1, LATER + 2, 10, DIGEST_MOVED}, {LATER + 1, LATER + 2 * NSEC_PER_SEC, 10, DIGEST_MOVED},
        {LATER + 2 * NSEC_PER_SEC, LATER + 1, 10, DIGEST_MOVED}, {LATER, LATER + 2 * NSEC_PER_SEC, 10, 0},
        {LATER, LATER - 2 * NSEC_PER_SEC, 11, 0}, {0, 86400 * NSEC_PER_SEC, 10, DIGEST_MOVED},
        {-86400 * NSEC_PER_SEC, 86400 * NSEC_PER_SEC, 10, DIGEST_MOVED}, {0, LATER, 10, 0},
        {INT64_C(2147483647) * NSEC_PER_SEC, INT64_MAX, 10, DIGEST_MOVED}, {INT64_MIN, INT64_MAX, 10, 0},
        {LATER + 1, LATER, 10, 0}, {LATER + 1, LATER, 11, DIGEST_MOVED},    /* cut to the second, by a mount; or written */
        {LATER, LATER, 10, 0},
    };
    const struct entry old = file("a", 1, rows[_i].old, 10), now = file("a", 1, rows[_i].now, rows[_i].ctime);
    const int state = rows[_i].old == rows[_i].now ? DIGEST_CONFIRMED : rows[_i].mark ? DIGEST_UNCONFIRMED : DIGEST_NONE;
    struct buf slots = {0};
    struct readings r;

    slot(&slots, DIGEST_CONFIRMED, 1);
    diff(&r, &old, 1, &now, 1, &slots, NULL, SIGN_CTIME);
    ck_assert_int_eq(r.out.digests.len ? slot_of(&r, 0) : 0, state | rows[_i].mark);
    forget(&r);
    buf_free(&slots);
}
END_TEST

static struct entry numbered(const char *name, uint64_t size, int64_t mtime, uint64_t ino)
{
    struct entry e = file(name, size, mtime, 10);

    e.ino = ino;
    return e;
}

/* What a file was called before in its directory, by its inode: other letters leave the name what it was. */
START_TEST(files_that_were_renamed_leave_a_mark)
{
    const int came = DIGEST_MOVED | DIGEST_RENEWED | DIGEST_WRITTEN;
    const struct entry old[] = {numbered("a", 1, 10, 1), numbered("b", 1, 10, 2), numbered("c", 1, 10, 3), numbered("d", 0, 10, 4)};
    const struct entry now[] = {numbered("B", 1, 10, 2), numbered("C", 1, 10, 9), numbered("a", 1, 10, 3), numbered("e", 1, 10, 1),
                                numbered("f", 1, 10, 1), numbered("g", 2, 10, 1), numbered("h", 1, 11, 1), numbered("i", 0, 10, 4)};
    const int marks[] = {DIGEST_UNCONFIRMED | DIGEST_ACCEPTED | DIGEST_MOVED, 0, 0, came, came, 0, 0, 0};
    struct buf slots = {0}, before = {0}, after = {0};
    struct slots out = {0};

    for (unsigned char i = 1; i <= 4; i++)
        slot(&slots, DIGEST_CONFIRMED | (i == 2 ? DIGEST_ACCEPTED : 0), i);
    listing_encode(old, 4, &before);
    listing_encode(now, 8, &after);
    const struct packed was = {.data = before.data, .len = before.len, .digests = slots.data, .digests_len = slots.len};
    const struct packed is = {.data = after.data, .len = after.len};
    ck_assert_int_eq(renamed_mark(&was, &is, &out), 0);
    ck_assert_uint_eq(out.digests.len, 8 * DIGEST_SLOT);
    for (size_t i = 0; i < 8; i++)
        ck_assert_msg((out.digests.data[i * DIGEST_SLOT] & 0xff) == marks[i], "%s: %x", now[i].name,
                      out.digests.data[i * DIGEST_SLOT] & 0xff);
    ck_assert_int_eq(out.digests.data[1], 2);
    after.data[after.len / 2] ^= 1;
    ck_assert_int_eq(renamed_mark(&was, &is, &out), -EBADMSG);
    slots_free(&out);
    buf_free(&slots), buf_free(&before), buf_free(&after);
}
END_TEST

/* What rotted goes nowhere by being renamed, however often. */
START_TEST(damage_goes_with_the_file)
{
    static const struct { int was, now; const char *name; } rows[] = {
        {DIGEST_CONFIRMED | DIGEST_DAMAGED, DIGEST_MOVED | DIGEST_RENEWED | DIGEST_DAMAGED, "c"},
        {DIGEST_MOVED | DIGEST_RENEWED | DIGEST_DAMAGED, DIGEST_MOVED | DIGEST_RENEWED | DIGEST_DAMAGED, "c"},
        {DIGEST_CONFIRMED | DIGEST_RENEWED, DIGEST_MOVED | DIGEST_RENEWED, "c"},    /* read again after a chmod */
        {DIGEST_CONFIRMED | DIGEST_RENEWED | DIGEST_WRITTEN, DIGEST_MOVED | DIGEST_RENEWED | DIGEST_WRITTEN, "c"},
        {DIGEST_CONFIRMED | DIGEST_DAMAGED, DIGEST_MOVED | DIGEST_DAMAGED, "b"},
        {DIGEST_CONFIRMED, 0, "b"},    /* listing_diff sees to that */
    };
    const struct entry old[] = {numbered("a", 1, 10, 1), numbered("b", 1, 10, 2)}, now[] = {numbered(rows[_i].name, 1, 10, 1)};
    struct buf slots = {0}, before = {0}, after = {0};
    struct slots out = {0};

    slot(&slots, (enum digest_state)rows[_i].was, 1);
    slot(&slots, DIGEST_CONFIRMED, 2);
    listing_encode(old, 2, &before);
    listing_encode(now, 1, &after);
    const struct packed was = {.data = before.data, .len = before.len, .digests = slots.data, .digests_len = slots.len};
    const struct packed is = {.data = after.data, .len = after.len};
    ck_assert_int_eq(renamed_mark(&was, &is, &out), 0);
    ck_assert_int_eq(out.digests.len ? out.digests.data[0] & 0xff : 0, rows[_i].now);
    slots_free(&out);
    buf_free(&slots), buf_free(&before), buf_free(&after);
}
END_TEST

/* Without inode numbers: a name is gone, and of files that look alike any may be another now. */
START_TEST(where_nothing_tells_files_apart_all_that_look_alike_are_read)
{
    const bool keeps_ctime = _i;
    const struct entry old[] = {numbered("a", 1, 10, 1), numbered("b", 1, 10, 1), numbered("c", 1, 20, 1), numbered("d", 0, 10, 1)};
    const struct entry now[] = {numbered("b", 1, 10, 1), numbered("c", 1, 20, 1), numbered("d", 0, 10, 1), numbered("e", 1, 10, 1),
                                numbered("f", 1, 30, 1)};
    const int stays = keeps_ctime ? DIGEST_CONFIRMED : DIGEST_UNCONFIRMED | DIGEST_MOVED;
    const int marks[] = {stays, DIGEST_CONFIRMED, DIGEST_CONFIRMED, DIGEST_MOVED | DIGEST_RENEWED, 0};
    struct buf slots = {0};
    struct readings r;

    for (unsigned char i = 1; i <= 4; i++)
        slot(&slots, DIGEST_CONFIRMED, i);
    diff(&r, old, 4, now, 5, &slots, NULL, keeps_ctime ? SIGN_CTIME : 0);
    const struct packed was = {.data = r.a.data, .len = r.a.len}, is = {.data = r.b.data, .len = r.b.len};
    ck_assert_int_eq(renamed_guess(&was, &is, keeps_ctime, &r.out), 0);
    for (int i = 0; i < 5; i++)
        ck_assert_msg(slot_of(&r, i) == marks[i], "%s: %x", now[i].name, (unsigned)slot_of(&r, i));
    r.a.data[r.a.len / 2] ^= 1;
    ck_assert_int_eq(renamed_guess(&was, &is, keeps_ctime, &r.out), -EBADMSG);
    forget(&r);
    buf_free(&slots);
}
END_TEST

Suite *suite_listing(void)
{
    Suite *s = suite_create("listing");
    TCase *t = tcase_create("listing");

    tcase_add_test(t, what_goes_in_comes_out);
    tcase_add_test(t, damage_is_seen);
    tcase_add_loop_test(t, lies_end_the_reading, 0, 6);
    tcase_add_test(t, fingerprints_see_what_matters);
    tcase_add_test(t, digests_follow_their_files);
    tcase_add_loop_test(t, signs_that_move_leave_a_mark, 0, 4);
    tcase_add_loop_test(t, times_that_are_one_elsewhere_leave_a_mark, 0, 13);
    tcase_add_test(t, files_that_were_renamed_leave_a_mark);
    tcase_add_loop_test(t, damage_goes_with_the_file, 0, 6);
    tcase_add_loop_test(t, where_nothing_tells_files_apart_all_that_look_alike_are_read, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
