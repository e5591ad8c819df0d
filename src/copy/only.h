/*
 * The paths of a replica that a copy is about: its --only. A pattern names a file, a folder and all below it, or many:
 * * ? [a-z] stand for what they do in base/glob.h, within one name; ** stands for any number of folders, none too, and
 * at a pattern's end for all that lies below. Patterns are paths relative to the replica. A name matches in any of
 * Unicode's forms, as one that was typed here may have been stored by another system; one that is spelled like a part of
 * a pattern, to the byte, is what that part means too.
 */
#ifndef AUTOBACKUP_COPY_ONLY_H
#define AUTOBACKUP_COPY_ONLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct only;

enum only_extent {
    ONLY_OUTSIDE,    /* neither it nor anything below it */
    ONLY_LEADS,      /* not itself, but something below it may be, should it be a directory */
    ONLY_COVERED,    /* itself, and all below it */
};

/*
 * Compile. Slashes too many and a leading "./" are passed over. 0, or -EINVAL with err for a pattern that is empty,
 * absolute, or has ".." in it. One thread at a time uses it.
 */
int only_new(char *const *patterns, size_t count, struct only **ret_only, struct error *err);
void only_free(struct only *o);    /* NULL is fine */

/* Go to a directory, a path relative to the replica ("": its top). What it is itself; the top is never covered. */
enum only_extent only_enter(struct only *o, const char *dir, size_t len);

/* What a name in that directory is. */
enum only_extent only_name(struct only *o, const char *name, size_t len);

/* A path relative to the replica. Goes to its directory. o: NULL for all that is there, as in only_takes. */
enum only_extent only_path(struct only *o, const char *path);

/* Is a name of the directory that only_enter was asked about (extent: what that said) covered? */
bool only_takes(struct only *o, enum only_extent extent, const char *name, size_t len);

/*
 * The name that only_name was asked about last is there. Counts it for the patterns that cover it; a pattern with
 * wildcards, or beyond ASCII, that this very path is spelled like means that path alone from now on: true when that was
 * so.
 */
bool only_count(struct only *o, const char *name, size_t len);

size_t only_patterns(const struct only *o);
int64_t only_hits(const struct only *o, size_t pattern);    /* names that it covered, by only_count */
void only_forget_hits(struct only *o);

#endif
