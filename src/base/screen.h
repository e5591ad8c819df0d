/*
 * A full screen in the terminal, by ncurses: what is drawn is set line by line, and only what changed is sent.
 *
 * One screen at a time, on standard input and output, used by the main thread. However the program ends while it is
 * open - an error, exit(), a signal that kills - the terminal gets back its modes and its normal screen. Ctrl-Z
 * gives them back too, and takes them again when the program goes on.
 */
#ifndef AUTOBACKUP_BASE_SCREEN_H
#define AUTOBACKUP_BASE_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* How text looks: these added up, with a colour (0 to 7 as in ANSI) by SCREEN_COLOR. */
enum {
    SCREEN_BOLD = 1,
    SCREEN_DIM = 2,
    SCREEN_REVERSE = 4,
    SCREEN_UNDERLINE = 8,
    SCREEN_COLORED = 16,
};
#define SCREEN_COLOR(c) (SCREEN_COLORED | (c) << 8)

/*
 * Take the terminal. 0, -EBUSY when a screen is open already, or (code ETERMINAL) -ENOTTY when standard input or
 * output is no terminal, -EINVAL when $TERM is not known or cannot place the cursor.
 */
int screen_open(struct error *err);
void screen_close(void);                  /* give it back; without one, nothing */

/* Lend the terminal to another program, and take it again: everything is drawn anew. */
void screen_leave(void);
void screen_enter(void);

void screen_size(int *ret_columns, int *ret_lines);

/*
 * Set line `line` (0 on): first screen_begin, then its texts from left to right, then screen_end, which leaves the
 * rest of the line empty in the last style. Text is in the locale's encoding without control characters; what does
 * not fit is cut.
 */
void screen_begin(int line);
void screen_text(const char *text, size_t len, unsigned style);
void screen_end(void);

/* Send what changed. The cursor is shown at line, column; line -1 hides it. */
void screen_show(int line, int column);
void screen_redraw(void);                 /* the next screen_show sends everything: something else wrote there */

#define SCREEN_KEY 32    /* bytes of the longest key name with its NUL */

/*
 * Wait for a key for at most `timeout` (ns; negative: for ever). Returns 1 with its name in ret_key: a character in
 * the locale's encoding ("a", " "), or "up", "down", "left", "right", "pageup", "pagedown", "home", "end", "enter",
 * "tab", "backtab", "backspace", "delete", "escape", "f1".., "C-l" (with Ctrl), "resize" (the size changed, or the
 * program was stopped and went on: draw again). 0: no key came in time; -EINTR: a signal was caught
 * (base/interrupt.h); -EPIPE: the terminal is gone.
 */
int screen_key(int64_t timeout, char ret_key[SCREEN_KEY]);

#endif
