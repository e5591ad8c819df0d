/*
 * Patterns for names: * is any text, ? one character, [a-z] one of a set, [!a-z] one that is not in it. Characters
 * are UTF-8; a byte that belongs to none counts as one. A backslash is a backslash: [*] is a star.
 */
#ifndef AUTOBACKUP_BASE_GLOB_H
#define AUTOBACKUP_BASE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

struct glob;

enum {
    GLOB_WORD = 1,    /* without a wildcard it may stand anywhere in a name, else it must be the whole name */
    GLOB_FOLD = 2,    /* upper and lower case are the same, beyond ASCII as the locale has it */
    GLOB_PLAIN = 4,   /* nothing in it is a wildcard */
    GLOB_FORMS = 8,   /* Unicode's forms of one character are the same: é, and e with an accent behind it */
};

/* Any bytes are a pattern: a [ that nothing closes is a plain one. One thread at a time uses it. */
struct glob *glob_new(const char *pattern, size_t len, unsigned flags);
void glob_free(struct glob *g);    /* NULL is fine */

bool glob_match(struct glob *g, const char *name, size_t len);

/*
 * A text to be looked for in many short ones: quicker there than memmem, which first studies the text. `text` is
 * the caller's and must outlive it.
 */
struct needle {
    const char *text;
    size_t len, rare;    /* where its rarest byte stands */
};
void needle_set(struct needle *n, const char *text, size_t len);    /* len above 0 */

/*
 * Where it stands first in hay, or NULL. known: so many bytes of hay were searched before, and it was not in them;
 * only a place that goes beyond them is looked for.
 */
const char *needle_find(const struct needle *n, const char *hay, size_t len, size_t known);

/*
 * What a name must contain somewhere to match, where nothing else matters: true with *ret_needle, which lives as
 * long as g (its len is 0 when every name matches); false for any other pattern.
 */
bool glob_needle(const struct glob *g, struct needle *ret_needle);

#endif
