/*
 * The listing decoder. Input: two bytes length of the first listing, two of the second (little endian), both
 * listings without their checksums, and the digest slots of the first. The checksums are put right here, since no
 * mutation would ever get past them. What decodes must encode to the same entries again, and the reader of names
 * alone must see the same names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "index/filesystem.h"
#include "index/listing.h"
#include "index/names.h"
#include "index/renamed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at;
    size_t left;
};

static size_t take_length(struct input *in)
{
    if (in->left < 2)
        return 0;
    size_t len = in->at[0] | (size_t)in->at[1] << 8;
    in->at += 2;
    in->left -= 2;
    return len;
}

static struct buf take_listing(struct input *in, size_t len)
{
    struct buf b = {0};

    len = len < in->left ? len : in->left;
    buf_add(&b, in->at, len);
    in->at += len;
    in->left -= len;
    uint64_t sum = hash64_of(b.data, b.len);
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_byte(&b, (unsigned char)(sum >> shift));
    return b;
}

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

static void check_entry(const struct entry *e, const struct listing *l)
{
    struct digest d;

    must(e->name[e->name_len] == 0, "a name without its NUL");
    must(!S_ISLNK(e->mode) == !e->target, "a target that is no symlink's, or is missing");
    must(!e->target || e->target[e->target_len] == 0, "a target without its NUL");
    enum digest_state state = listing_digest(l, &d);
    must(state <= DIGEST_UNCONFIRMED, "an unknown digest state");
    must(listing_verified(l) >= 0, "verified before 1970");
}

struct entries {
    struct entry *list;
    size_t count, room;
};

static void keep(struct entries *all, const struct entry *e)
{
    if (all->count == all->room) {
        all->room = all->room ? all->room * 2 : 16;
        all->list = mem_realloc(all->list, all->room * sizeof *all->list);
    }
    struct entry *copy = &all->list[all->count++];
    *copy = *e;
    copy->name = mem_strndup(e->name, e->name_len);
    copy->target = e->target ? mem_strndup(e->target, e->target_len) : NULL;
}

static void drop(struct entries *all)
{
    for (size_t i = 0; i < all->count; i++) {
        free((char *)all->list[i].name);
        free((char *)all->list[i].target);
    }
    free(all->list);
}

/* Decode all of it; 0 when it is whole. */
static int read_all(const struct buf *blob, const struct input *slots, struct entries *ret)
{
    struct listing l;
    struct entry e;

    int code = listing_open(&l, blob->data, blob->len, slots->at, slots->left);
    if (code)
        return code;
    while ((code = listing_next(&l, &e)) == 1) {
        check_entry(&e, &l);
        keep(ret, &e);
        must(ret->count <= blob->len, "more entries than bytes");
    }
    listing_close(&l);
    return code;
}

static bool same(const struct entry *a, const struct entry *b)
{
    uint32_t links = a->nlink > 1 ? a->nlink : 1;

    return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0 && a->mode == b->mode &&
           a->size == b->size && a->mtime == b->mtime && a->ctime == b->ctime && a->ino == b->ino &&
           a->uid == b->uid && a->gid == b->gid && links == (b->nlink > 1 ? b->nlink : 1) && a->err == b->err &&
           a->mount == b->mount && a->target_len == b->target_len &&
           (!a->target || memcmp(a->target, b->target, a->target_len) == 0);
}

static void check_round_trip(const struct entries *all)
{
    const struct input none = {0};
    struct entries again = {0};
    struct buf out = {0};

    listing_fingerprint("a/b", 3, all->list, all->count);
    listing_encode(all->list, all->count, &out);
    must(read_all(&out, &none, &again) == 0, "what was encoded does not decode");
    must(again.count == all->count, "another number of entries after a round trip");
    for (size_t i = 0; i < all->count; i++)
        must(same(&all->list[i], &again.list[i]), "another entry after a round trip");
    drop(&again);
    buf_free(&out);
}

/* Names behind a folder, as find reads them. all: of the same listing when it is whole, else NULL. */
static void check_names(const struct buf *blob, const struct entries *all)
{
    struct names names = {0};
    uint64_t count = 0;

    buf_add_str(&names.name, "folder/");
    names.offset = names.name.len;
    int code = names_open(&names, blob->data, blob->len);
    while (!code && (code = names_next(&names)) == 1) {
        must(names.index == ++count, "a position that was passed over");
        must(memcmp(names.name.data, "folder/", names.offset) == 0, "the caller's bytes are not kept");
        if (all) {
            const struct entry *e = count <= all->count ? &all->list[count - 1] : NULL;
            must(e && e->mode == names.mode && e->name_len == names.name.len - names.offset &&
                     memcmp(e->name, names.name.data + names.offset, e->name_len) == 0,
                 "another name than the listing's");
        }
        code = 0;
    }
    must(!all || (code == 0 && count == all->count), "another number of names than the listing's");
    names_close(&names);
}

static void diff(const struct buf *old, const struct buf *now, const struct input *slots)
{
    struct listing a = {0}, b = {0};
    struct listing_change change = {0};
    struct slots out = {0};

    bool have_old = old && listing_open(&a, old->data, old->len, slots->at, slots->left) == 0;
    bool have_now = now && listing_open(&b, now->data, now->len, NULL, 0) == 0;
    if (have_old)
        listing_set_times(&a, slots->at, slots->left);
    listing_diff(have_old ? &a : NULL, have_now ? &b : NULL, SIGN_CTIME | SIGN_INODE, &change, &out);
    if (have_old && have_now)
        renamed_mark(&(struct packed){.data = old->data, .len = old->len, .digests = slots->at, .digests_len = slots->left},
                     &(struct packed){.data = now->data, .len = now->len}, &out);
    must(out.digests.len % DIGEST_SLOT == 0, "half a digest slot");
    must(out.times.len % TIME_SLOT == 0, "half a time slot");
    must(slots_marked(&out, DIGEST_DAMAGED) >= 0, "a negative count");
    must(change.added >= 0 && change.changed >= 0 && change.removed >= 0, "a negative count");
    if (have_old)
        listing_close(&a);
    if (have_now)
        listing_close(&b);
    slots_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct entries all = {0};
    size_t first_len = take_length(&in), second_len = take_length(&in);
    struct buf first = take_listing(&in, first_len), second = take_listing(&in, second_len);

    bool whole = read_all(&first, &in, &all) == 0;
    if (whole)
        check_round_trip(&all);
    check_names(&first, whole ? &all : NULL);
    diff(&first, &second, &in);
    diff(&first, NULL, &in);
    diff(NULL, &first, &in);
    drop(&all);
    buf_free(&first);
    buf_free(&second);
    return 0;
}
