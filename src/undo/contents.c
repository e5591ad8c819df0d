#include "undo/contents.h"

#include <stdlib.h>
#include <string.h>

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

int contents_expect(struct catalog *cat, int64_t replica, const struct past *past, const struct step *steps, size_t count,
                    struct error *err)
{
    const bool of_repair = strcmp(past->kind, "repair") == 0;
    struct taken *taken = mem_alloc((count + 1) * sizeof *taken);
    size_t at = 0;

    for (const struct step *s = steps; s < steps + count; s++)
        if (comes_back(s))
            taken[at++] = taken_of(s, of_repair);
    int code = at && replica ? replica_record_digests(cat, replica, taken, at, err) : 0;
    free(taken);
    return code;
}
