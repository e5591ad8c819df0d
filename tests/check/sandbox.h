/*
 * What the suites share: a folder of their own, files in it, and other programs as oracles.
 */
#ifndef AUTOBACKUP_TESTS_SANDBOX_H
#define AUTOBACKUP_TESTS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A new empty folder below $TMPDIR or /tmp; the caller passes it to sandbox_remove. Static until the next call. */
const char *sandbox_make(void);
void sandbox_remove(const char *folder);

/* Make folder/name (parents too) with these bytes. */
void sandbox_write(const char *folder, const char *name, const void *bytes, size_t len);
void sandbox_text(const char *folder, const char *name, const char *text);
void sandbox_folder(const char *folder, const char *name);

/*
 * Make folder/name (parents too) and in it count empty files, named prefix0, prefix1..., all of 1970-01-01 00:00:07. They
 * are links to few inodes: ext4 takes a minute for 100,000 new ones where as many were removed just before.
 */
void sandbox_many(const char *folder, const char *name, const char *prefix, int count);

/* Run a shell command line (printf-style) and return its output, which the caller frees; fails the test on failure. */
char *sandbox_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Wait until what changes in this folder from now on gets times well behind, by the clock of its filesystem. */
void sandbox_let_time_pass(const char *folder);

/* Say that the running test is left out, and why; the caller returns. */
void sandbox_skip(const char *why);

/*
 * Become an ordinary user for the rest of a forked test, so that permissions bite. False, with sandbox_skip, when
 * that is not possible.
 */
bool sandbox_drop_root(const char *folder);

/*
 * Get mounts of one's own for the rest of a forked test; an ordinary user becomes the root of a user namespace with no
 * other user in it. False, with sandbox_skip, where the system allows neither.
 */
bool sandbox_own_mounts(void);

#endif
