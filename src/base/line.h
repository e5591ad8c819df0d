/*
 * Line editing (GNU readline) with a history, on the terminal that standard input is.
 */
#ifndef AUTOBACKUP_BASE_LINE_H
#define AUTOBACKUP_BASE_LINE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * Completion: what may stand in place of line[start..stop) (bytes). Returns a NULL-terminated array of malloc'ed
 * strings, itself malloc'ed, that the editor frees; or NULL for nothing. *ret_append is the character to put
 * behind the only candidate, preset to a space; 0 for none.
 */
typedef char **line_complete_fn(const char *line, int start, int stop, int *ret_append, void *arg);

void line_set_completer(line_complete_fn *complete, void *arg);    /* NULL for none */

/*
 * Ask for a line. ~/.inputrc applies, with "autobackup" as the application; a paste may bring a line with line
 * feeds inside. Returns 1 and *ret_line (malloc'ed), 0 at the end of input, -EINTR when a signal ended it: a
 * Ctrl-C is used up by that, any other signal stays remembered (base/interrupt.h).
 */
int line_read(const char *prompt, char **ret_line);

/* Add to the history and drop equal lines from further back. Blank lines are left out. */
void line_add_history(const char *line);

int line_read_history(const char *path, struct error *err);                /* 0 or -errno with err */

/* Write the last `max` lines, for the user's eyes only (0600). 0 or -errno with err. */
int line_write_history(const char *path, int max, struct error *err);

#endif
