/*
 * Standard input as lines for ourselves: programs that are started meanwhile find nothing on theirs.
 */
#ifndef AUTOBACKUP_BASE_INPUT_H
#define AUTOBACKUP_BASE_INPUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

struct input;

/*
 * Take standard input: it is read through a descriptor of our own from where it stands, and the standard one, unless
 * it is a terminal, is /dev/null from now on. A regular file is read at our own offset, whoever else moves the shared one.
 * 0 with *ret_input, which input_close frees; or -errno with err.
 */
int input_take(struct input **ret_input, struct error *err);

/*
 * Append the next line to ret_line, without its line feed. Returns 1; 0 at the end; -errno with err when it cannot be
 * read (what was read of the line is no line then), -EINTR when a signal came first.
 * *ret_torn: it ended without a line feed where that may mean that it is cut off: not in a regular file, whose last
 * line may have none, but in a pipe, whose writer may have died.
 */
int input_line(struct input *in, struct buf *ret_line, bool *ret_torn, struct error *err);

void input_close(struct input *in);    /* NULL is fine */

#endif
