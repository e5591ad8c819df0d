/*
 * Text on a terminal.
 */
#ifndef AUTOBACKUP_BASE_TEXT_H
#define AUTOBACKUP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Columns the bytes take in the terminal, by the locale. Control characters and invalid bytes count one each; emoji
 * that are joined, have a skin tone or a presentation selector are one of two columns, as terminals show them that
 * know such clusters.
 */
size_t text_width(const char *text, size_t len);

/* True when the locale's characters are UTF-8. */
bool text_is_utf8(void);

#endif
