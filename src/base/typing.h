/*
 * What is typed on the terminal while something runs: kept for the next prompt, and not shown amid what is written.
 */
#ifndef AUTOBACKUP_BASE_TYPING_H
#define AUTOBACKUP_BASE_TYPING_H

#include <stdbool.h>

/*
 * Until typing_show, keys are neither shown nor edited by the terminal; Ctrl-C works. Nothing happens where standard
 * input is no terminal, or when it is so already. However the program ends, the terminal is as before.
 */
void typing_hide(void);

/* As it was before. Returns whether it was hidden. Whoever asks or starts another program does this first. */
bool typing_show(void);

#endif
