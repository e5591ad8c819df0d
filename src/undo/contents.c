#include "undo/contents.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/times.h"
#include "index/taken.h"

static bool comes_back(const struct step *s)
{
    return (s->act == ACT_SWAP || s->act == ACT_PUT) && S_ISREG(s->kept.st_mode);
}

/* What a repair had put away is not the content of the digest that it restored, at the same size and time. */
static bool was_damaged(const struct step *s)
{
    const struct manifest_file *fresh = &s->deed.fresh;

    return s->deed.verb == MANIFEST_REPLACE && !s->deed.old.has_digest && fresh->has_digest &&
           fresh->size == (uint64_t)s->kept.st_size && fresh->mtime == mtime_of(&s->kept);
}

static struct taken taken_of(const struct step *s, bool of_repair)
{
    const bool damaged = of_repair && was_damaged(s);

    return (struct taken){
        .path = s->deed.path, .unknown = true, .size = (uint64_t)s->kept.st_size, .mtime = mtime_of(&s->kept), .damaged = damaged,
        .has_digest = s->deed.old.has_digest, .digest = damaged ? s->deed.fresh.digest : s->deed.old.digest,
    };
}

static bool is_of_repair(const struct past *past) { return strcmp(past->kind, "repair") == 0; }

int contents_expect(struct catalog *cat, int64_t replica, const struct past *past, const struct step *steps, size_t count,
                    struct error *err)
{
    const bool of_repair = is_of_repair(past);
    struct taken *taken = mem_alloc((count + 1) * sizeof *taken);
    size_t at = 0;

    for (const struct step *s = steps; s < steps + count; s++)
        if (comes_back(s))
            taken[at++] = taken_of(s, of_repair);
    int code = at && replica ? replica_record_digests(cat, replica, taken, at, err) : 0;
    free(taken);
    return code;
}

/* ---- damaged files that are back ---- */

struct back {
    struct taken taken;      /* path is owned */
    uint64_t repaired;       /* inode of the file that it takes the place of */
};

void contents_note(struct buf *back, const struct past *past, const struct step *steps, size_t count)
{
    for (const struct step *s = steps; s < steps + count; s++) {
        if (!is_of_repair(past) || !comes_back(s) || !was_damaged(s))
            continue;
        struct back b = {.taken = taken_of(s, true), .repaired = s->now.st_ino};
        b.taken.path = mem_strdup(s->deed.path);
        b.taken.moved = true;
        buf_add(back, &b, sizeof b);
    }
}

/* Is it there? Notes what it is by now. */
static bool has_come(int top, struct back *b)
{
    struct stat st;
    int fd = path_open(top, b->taken.path, O_PATH, 0);
    bool is = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == b->taken.size &&
              mtime_of(&st) == b->taken.mtime && st.st_ino != b->repaired;

    if (fd >= 0)
        close(fd);
    if (is) {
        b->taken.ctime = ctime_of(&st);
        b->taken.ino = st.st_ino;
    }
    return is;
}

static void forget(struct buf *back)
{
    struct back *list = (struct back *)(void *)back->data;

    for (size_t i = 0; i < back->len / sizeof *list; i++)
        free(list[i].taken.path);
    buf_free(back);
}

int contents_mark(struct catalog *cat, int64_t replica, int top, struct buf *back, struct error *err)
{
    struct back *list = (struct back *)(void *)back->data;
    size_t count = back->len / sizeof *list, came = 0;
    struct taken *taken = mem_alloc((count + 1) * sizeof *taken);

    for (size_t i = 0; i < count; i++)
        if (has_come(top, &list[i]))
            taken[came++] = list[i].taken;
    int code = came && replica ? replica_record_digests(cat, replica, taken, came, err) : 0;
    free(taken);
    forget(back);
    return code;
}
