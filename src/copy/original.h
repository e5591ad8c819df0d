/*
 * What of the destination's is no difference, since the source could not hold it: on the way back from a disk that did not take
 * all (copy/refusals.h) the original keeps what only it has. The catalog says what was not taken, in parts: the rights and
 * attributes that both had then. They count as long as each of the two has its own still; all else that differs is corrected.
 *
 * Of what no catalog knows, an attribute stays that the source's filesystem has no room for, or not the kind (xattr_has_room).
 */
#ifndef AUTOBACKUP_COPY_ORIGINAL_H
#define AUTOBACKUP_COPY_ORIGINAL_H

#include "base/map.h"
#include "copy/plan.h"
#include "copy/work.h"
#include "copy/xattr.h"

struct originals {
    struct work *w;
    struct map known;          /* hash of a path -> struct parts * */
    struct map missed;         /* hashes of paths that a copy failed to bring there */
};

/* Read what the catalog knows of the source having refused, for this work: w->originals. 0 or -errno with err; to be freed either way. */
int originals_open(struct originals *o, struct work *w, struct catalog *cat, struct error *err);
void originals_free(struct originals *o);    /* zeroed is fine */

/* How the attributes of one name are treated. rules.arg leads here: it must stay where it is. */
struct original {
    const struct work *w;
    const struct parts *parts;
    struct xattr_rules rules;
};

/* For the name at `path` (relative to the replica) that is corrected or compared. Without w->originals nothing stays. */
void original_of(const struct work *w, const char *path, bool clean, struct original *ret);

/* st, of the source: make its owner and mode those of `old`, of the destination, as far as the source did not take these. */
void original_give(const struct work *w, const char *path, const struct stat *old, struct stat *st);

/* For plan.original: the same for a name that both have; left: gets the source's entry. False: as it is. */
bool original_entry(void *arg, const struct plan_name *name, struct entry *left);

/* Did a copy to the source fail to make the name at `path`, and none since then make it? */
bool original_is_missed(const struct originals *o, const char *path);

/* Append the parts of a name, open or by name as in refused_pair, of which something was not taken. from, to: of both sides. 0 or -errno. */
int original_pack(const struct work *w, struct xattr_file from, struct xattr_file to, const struct rights *from_rights,
                  const struct rights *to_rights, struct buf *out);

#endif
