#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "folder.h"
#include "suites.h"

static int run(const char *script, const char *input)
{
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    int status = -1;

    ck_assert_int_eq(process_run(argv, &(struct process_input){.bytes = input, .len = input ? strlen(input) : 0, .ours = !input}, &status, NULL), 0);
    return status;
}

START_TEST(exit_status)
{
    ck_assert_int_eq(run("exit 0", NULL), 0);
    ck_assert_int_eq(run("exit 7", NULL), 7);
    ck_assert_int_eq(run("kill -TERM $$", NULL), 128 + SIGTERM);
}
END_TEST

START_TEST(input_arrives)
{
    ck_assert_int_eq(run("read a && read b && test \"$a$b\" = onetwo", "one\ntwo\n"), 0);
    ck_assert_int_eq(run("! read a", ""), 0);
}
END_TEST

/* As a pager that is left early: more input than a pipe holds, and nobody reads it. */
START_TEST(unread_input_is_no_failure)
{
    char *input = malloc(1 << 20);

    signal(SIGPIPE, SIG_IGN);
    memset(input, 'x', 1 << 20);
    input[(1 << 20) - 1] = 0;
    ck_assert_int_eq(run("exit 3", input), 3);
    free(input);
}
END_TEST

START_TEST(child_has_plain_signals)
{
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(run("kill -PIPE $$; exit 0", NULL), 128 + SIGPIPE);
}
END_TEST

START_TEST(missing_program_is_said)
{
    char *argv[] = {"no-such-program-here", NULL};
    struct error err = {0};
    int status;

    ck_assert_int_eq(process_run(argv, &(struct process_input){.ours = true}, &status, &err), -ENOENT);
    ck_assert_str_eq(err.message, "ENOENT: No such file or directory: no-such-program-here");
    ck_assert_int_eq(process_detach(argv, &err), -ENOENT);
    ck_assert_str_eq(err.code, "ENOENT");
    error_clear(&err);
}
END_TEST

/* What is written to it, when somebody does. */
static int read_pipe(const char *path, struct buf *ret_bytes)
{
    char text[100];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    while (fd >= 0 && (n = read(fd, text, sizeof text)) > 0)
        buf_add(ret_bytes, text, (size_t)n);
    return fd < 0 ? -errno : close(fd);
}

START_TEST(detached_program_runs_on_its_own)
{
    char where[FOLDER_PATH], script[FOLDER_PATH + 400];
    int root = folder_open(where);
    struct buf bytes = {0};

    snprintf(script, sizeof script, "%s/sid", where);
    ck_assert_int_eq(mkfifo(script, 0600), 0);
    snprintf(script, sizeof script, "read -r _ _ _ _ _ sid _ </proc/$$/stat; echo $sid >%s/sid", where);
    char *argv[] = {"sh", "-c", script, NULL};
    ck_assert_int_eq(process_detach(argv, NULL), 0);
    snprintf(script, sizeof script, "%s/sid", where);
    ck_assert_int_eq(read_pipe(script, &bytes), 0);
    ck_assert_int_ne(atoi(buf_str(&bytes)), getsid(0));
    buf_free(&bytes);
    folder_close(root, where);
}
END_TEST

START_TEST(which_finds_programs)
{
    struct buf path = {0};

    ck_assert_int_eq(process_which("sh", &path), 0);
    ck_assert_int_eq(access(buf_str(&path), X_OK), 0);
    buf_clear(&path);
    ck_assert_int_eq(process_which("/bin/sh", &path), 0);
    ck_assert_str_eq(buf_str(&path), "/bin/sh");
    buf_clear(&path);
    ck_assert_int_eq(process_which("no-such-program-here", &path), -ENOENT);
    ck_assert_int_eq(process_which("/etc", &path), -ENOENT);
    ck_assert_int_eq(process_which("", &path), -ENOENT);
    ck_assert_uint_eq(path.len, 0);
    buf_free(&path);
}
END_TEST

Suite *suite_process(void)
{
    Suite *suite = suite_create("process");
    TCase *tests = tcase_create("process");

    tcase_add_test(tests, exit_status);
    tcase_add_test(tests, input_arrives);
    tcase_add_test(tests, unread_input_is_no_failure);
    tcase_add_test(tests, child_has_plain_signals);
    tcase_add_test(tests, missing_program_is_said);
    tcase_add_test(tests, detached_program_runs_on_its_own);
    tcase_add_test(tests, which_finds_programs);
    suite_add_tcase(suite, tests);
    return suite;
}
