/*
 * Files and folders that not even root may change until somebody takes a mark off them: immutable (chattr +i), append-only (+a).
 */
#ifndef AUTOBACKUP_COPY_FROZEN_H
#define AUTOBACKUP_COPY_FROZEN_H

#include <stdbool.h>
#include <stddef.h>

/* Has dir/name (not followed; "." for dir itself) one of these marks? False when nobody can tell. */
bool frozen_is(int dir, const char *name);

/*
 * Why is changing, replacing or removing the name at path (relative to `top`; "" is top) not permitted? Its own mark, or that of
 * the folder it lies in, as a sentence with what to do. False when neither has one, or nobody can tell.
 */
bool frozen_why(int top, const char *path, char *ret_why, size_t size);

#endif
