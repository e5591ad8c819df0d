/*
 * A temporary folder for a test.
 */
#ifndef TESTS_CHECK_FOLDER_H
#define TESTS_CHECK_FOLDER_H

#define FOLDER_PATH 256

/* Make one and open it. Its path goes to path (FOLDER_PATH bytes). Below $TMPDIR, else /tmp. */
int folder_open(char path[FOLDER_PATH]);

/* Remove it with all it holds, however deep, and close the descriptor. */
void folder_close(int fd, const char *path);

/* Write a file relative to the folder. */
void folder_write(int fd, const char *name, const char *text);

#endif
