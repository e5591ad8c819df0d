#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/history.h"
#include "sandbox.h"
#include "suites.h"

static char folder[200], path[220];

static void set_up(void)
{
    snprintf(folder, sizeof folder, "%s", sandbox_make());
    snprintf(path, sizeof path, "%s/history", folder);
}

static void tear_down(void) { sandbox_remove(folder); }

static void append(const char *entry) { ck_assert_int_eq(history_append(path, entry, NULL), 0); }

static void collect(const char *entry, void *arg)
{
    buf_printf(arg, "<%s>", entry);
}

static void expect(size_t max, const char *wanted)
{
    struct buf read = {0};

    ck_assert_int_eq(history_read(path, max, collect, &read, NULL), 0);
    ck_assert_str_eq(buf_str(&read), wanted);
    buf_free(&read);
}

START_TEST(entries_come_back_as_they_were)
{
    expect(10, "");
    append("fetch all");
    append("for i = 1, 2 do\n\tprint(\"a\\n\\\\\")\nend");
    append("\\");
    expect(10, "<fetch all><for i = 1, 2 do\n\tprint(\"a\\n\\\\\")\nend><\\>");
    expect(2, "<for i = 1, 2 do\n\tprint(\"a\\n\\\\\")\nend><\\>");
    char *lines = sandbox_run("wc -l <%s", path);
    ck_assert_int_eq(atoi(lines), 3);
    free(lines);
}
END_TEST

START_TEST(it_is_for_the_users_eyes_only)
{
    struct stat st;

    append("x");
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(a_file_of_lines_without_escapes_is_read_and_an_unfinished_line_ended)
{
    sandbox_text(folder, "history", "list projects\nfind '\\d'");
    append("load");
    expect(10, "<list projects><find '\\d'><load>");
}
END_TEST

START_TEST(a_long_file_is_cut_to_the_last_entries)
{
    char entry[20];

    for (int i = 1; i <= 7; i++) {
        snprintf(entry, sizeof entry, "%d", i);
        append(entry);
    }
    expect(4, "<4><5><6><7>");
    expect(10, "<1><2><3><4><5><6><7>");
    expect(3, "<5><6><7>");
    expect(10, "<5><6><7>");
    append("8");
    expect(10, "<5><6><7><8>");
}
END_TEST

#define SESSIONS 8
#define ENTRIES 100

static void ignore(const char *entry, void *arg)
{
    (void)entry;
    (void)arg;
}

static void write_many(int session)
{
    char entry[40];

    for (int i = 0; i < ENTRIES; i++) {
        snprintf(entry, sizeof entry, "%d\n%d", session, i);
        if (history_append(path, entry, NULL) || (i % 10 == 0 && history_read(path, 450, ignore, NULL, NULL)))
            _exit(1);
    }
    _exit(0);
}

static void count(const char *entry, void *arg)
{
    int session, i, *next = arg;

    ck_assert_int_eq(sscanf(entry, "%d\n%d", &session, &i), 2);
    ck_assert(next[session] == -1 || next[session] == i);    /* in order, and none is missing */
    next[session] = i + 1;
}

/* Eight at once, which also cut the file meanwhile: all of the last entries are there. */
START_TEST(sessions_at_once_lose_nothing)
{
    int next[SESSIONS], status;

    for (int i = 0; i < SESSIONS; i++) {
        next[i] = -1;
        if (fork() == 0)
            write_many(i);
    }
    while (wait(&status) > 0)
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_int_eq(history_read(path, 100000, count, next, NULL), 0);
    for (int i = 0; i < SESSIONS; i++)
        ck_assert_int_eq(next[i], ENTRIES);
}
END_TEST

START_TEST(what_cannot_be_read_is_said)
{
    struct error err = {0};

    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_lt(history_read(path, 10, ignore, NULL, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.message, path));
    ck_assert_int_lt(history_append(path, "x", &err), 0);
    error_clear(&err);
}
END_TEST

Suite *suite_history(void)
{
    Suite *suite = suite_create("history");
    TCase *tests = tcase_create("history");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, entries_come_back_as_they_were);
    tcase_add_test(tests, it_is_for_the_users_eyes_only);
    tcase_add_test(tests, a_file_of_lines_without_escapes_is_read_and_an_unfinished_line_ended);
    tcase_add_test(tests, a_long_file_is_cut_to_the_last_entries);
    tcase_add_test(tests, sessions_at_once_lose_nothing);
    tcase_add_test(tests, what_cannot_be_read_is_said);
    suite_add_tcase(suite, tests);
    return suite;
}
