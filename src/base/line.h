/*
 * Line editing (GNU readline) with a history, on the terminal that standard input is.
 */
#ifndef AUTOBACKUP_BASE_LINE_H
#define AUTOBACKUP_BASE_LINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Completion: what may stand in place of line[start..stop) (bytes). Returns a NULL-terminated array of malloc'ed
 * strings, itself malloc'ed, that the editor frees; or NULL for nothing. *ret_append is the character to put
 * behind the only candidate, preset to a space; 0 for none.
 */
typedef char **line_complete_fn(const char *line, int start, int stop, int *ret_append, void *arg);

/* Whether Enter takes this text; else it goes on with a further line of the same text. */
typedef bool line_is_whole_fn(const char *text, void *arg);

struct line_help {
    line_complete_fn *complete;    /* NULL: Tab does nothing */
    line_is_whole_fn *is_whole;    /* NULL: every line is taken */
    const char *continuation;      /* shown before further lines; plain text */
    void *arg;                     /* of the functions */
};

/*
 * Ask for a line. ~/.inputrc applies, with "autobackup" as the application; a paste, the history and `is_whole` may
 * bring one with line feeds inside. A terminal that cannot move up takes every line by itself.
 * Returns 1 and *ret_line (malloc'ed), 0 at the end of input, -EINTR when a signal ended it: a Ctrl-C is used up by
 * that, any other signal stays remembered (base/interrupt.h).
 */
int line_read(const char *prompt, const struct line_help *help, char **ret_line);

/* The history that the arrows and Ctrl-R go through. Blank lines are left out. */
void line_clear_history(void);
void line_push_history(const char *line);    /* at its end */
void line_add_history(const char *line);     /* the same, and equal lines further back are dropped */

#endif
