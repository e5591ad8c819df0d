/*
 * Names that the destination takes for one, as one without case does.
 */
#ifndef AUTOBACKUP_COPY_FOLDED_H
#define AUTOBACKUP_COPY_FOLDED_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * dir/name is taken. Is there no entry spelled like that, but another that the filesystem takes for the same? Then its
 * name goes to ret_other (NAME_MAX + 1 bytes; "" where it does not show).
 */
bool folded_is_taken(int dir, const char *name, char *ret_other);

#define FOLDED_WHY (NAME_MAX + 250)

/* Why dir/name could not be made then: a sentence, in ret_why (FOLDED_WHY bytes). */
void folded_why(const char *name, const char *other, char *ret_why);

#endif
