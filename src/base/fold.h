/*
 * Names that are written differently and look, or read, alike: in letters of another case, or in another of Unicode's
 * forms (é as one character, or as an e with an accent behind it). Names are bytes: what is no UTF-8 has no forms, and
 * of its letters only those of ASCII have a case.
 */
#ifndef AUTOBACKUP_BASE_FOLD_H
#define AUTOBACKUP_BASE_FOLD_H

#include <stdbool.h>
#include <stddef.h>

/* All bytes below 0x80? Then a name has one form alone. */
bool fold_is_ascii(const char *text, size_t len);

/*
 * The text in its decomposed form, with the letters of one case where `letters` says so, and without what no eye sees
 * (joiners, variation selectors). What is no UTF-8 stays as it is, but for ASCII letters. To be freed; *ret_len may be
 * NULL.
 */
char *fold_key(const char *text, size_t len, bool letters, size_t *ret_len);

/* The text in its composed form, to be freed; NULL for what has one form alone, or is no UTF-8. ret_len may be NULL. */
char *fold_composed(const char *text, size_t len, size_t *ret_len);

/* Bytes of the character that text begins with, and of the accents behind it; 1 of what is no UTF-8, 0 at its end. */
size_t fold_character(const char *text);

/* Are two names one for whom neither case nor form matters? */
bool fold_same(const char *a, const char *b);

/*
 * A name that means the same to such a filesystem and is spelled otherwise: its letters turned to the other case, its
 * other form, the same with a joiner behind it. which: 0, 1, 2. To be freed; NULL: it has none of that kind.
 */
char *fold_variant(const char *name, int which);
#define FOLD_VARIANTS 3

#endif
