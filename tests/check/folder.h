/*
 * A temporary folder for a test.
 */
#ifndef TESTS_CHECK_FOLDER_H
#define TESTS_CHECK_FOLDER_H

/* Make one and open it. Its path goes to path (64 bytes). Below $TMPDIR, else /tmp. */
int folder_open(char path[64]);

/* Remove it with all it holds, however deep, and close the descriptor. */
void folder_close(int fd, const char *path);

/* Write a file relative to the folder. */
void folder_write(int fd, const char *name, const char *text);

#endif
