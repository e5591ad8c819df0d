#include "undo/contents.h"

#include <stdlib.h>

#include "copy/times.h"
#include "index/taken.h"

static bool comes_back(const struct step *s)
{
    return (s->act == ACT_SWAP || s->act == ACT_PUT) && S_ISREG(s->kept.st_mode);
}

static struct taken taken_of(const struct step *s)
{
    return (struct taken){
        .path = s->deed.path, .unknown = true, .size = (uint64_t)s->kept.st_size, .mtime = mtime_of(&s->kept),
        .has_digest = s->deed.old.has_digest, .digest = s->deed.old.digest,
    };
}

int contents_expect(struct catalog *cat, int64_t replica, const struct step *steps, size_t count, struct error *err)
{
    struct taken *taken = mem_alloc((count + 1) * sizeof *taken);
    size_t at = 0;

    for (const struct step *s = steps; s < steps + count; s++)
        if (comes_back(s))
            taken[at++] = taken_of(s);
    int code = at && replica ? replica_record_digests(cat, replica, taken, at, err) : 0;
    free(taken);
    return code;
}
