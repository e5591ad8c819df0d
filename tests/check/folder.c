#include "folder.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"

int folder_open(char path[FOLDER_PATH])
{
    const char *base = getenv("TMPDIR");

    ck_assert_int_lt(snprintf(path, FOLDER_PATH, "%s/autobackup-check-XXXXXX", base ? base : "/tmp"), FOLDER_PATH);
    ck_assert_ptr_nonnull(mkdtemp(path));
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

void folder_close(int fd, const char *path)
{
    char *argv[] = {"rm", "-rf", "--", (char *)path, NULL};
    int status = 0;

    close(fd);
    ck_assert_int_eq(process_run(argv, &(struct process_input){.ours = true}, &status, NULL), 0);
    ck_assert_int_eq(status, 0);
}

void folder_write(int fd, const char *name, const char *text)
{
    int file = openat(fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
}
