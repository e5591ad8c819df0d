/* The catalog file: made private, migrated, and refused with a clear word when it is not ours or damaged. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/catalog.h"
#include "index/schema.h"
#include "sandbox.h"
#include "suites.h"

static char folder[256], path[300];

static void set_up(void)
{
    snprintf(folder, sizeof folder, "%s", sandbox_make());
    snprintf(path, sizeof path, "%s/deep/er/catalog.db", folder);
}

static void tear_down(void) { sandbox_remove(folder); }

static void expect_failure(const char *code, const char *word)
{
    struct catalog *cat = NULL;
    struct error err = {0};

    ck_assert_int_lt(catalog_open(path, &cat, &err), 0);
    ck_assert_str_eq(err.code, code);
    ck_assert_msg(strstr(err.message, word), "%s", err.message);
    ck_assert_msg(strstr(err.message, path), "%s", err.message);
    error_clear(&err);
}

START_TEST(made_private_and_reopened)
{
    struct catalog *cat = NULL;
    struct stat st;

    ck_assert_int_eq(catalog_open(path, &cat, NULL), 0);
    ck_assert_int_eq(catalog_exec(cat, "INSERT INTO category (name, path) VALUES ('a', 'b')", NULL), 0);
    ck_assert_int_eq(catalog_check(cat, NULL), 0);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    struct catalog_files files;
    catalog_find_files(path, &files);
    ck_assert(files.all);
    ck_assert(catalog_owns(&files, st.st_dev, st.st_ino));
    char *wal = sandbox_run("stat -c %%i '%s-wal' '%s-shm'", path, path);
    for (char *at = wal; *at; at = strchr(at, '\n') + 1)
        ck_assert(catalog_owns(&files, st.st_dev, strtoull(at, NULL, 10)));
    free(wal);
    ck_assert_int_eq(stat(folder, &st), 0);
    ck_assert(!catalog_owns(&files, st.st_dev, st.st_ino));
    catalog_close(cat);
    ck_assert_int_eq(catalog_open(path, &cat, NULL), 0);
    catalog_close(cat);
    char *out = sandbox_run("sqlite3 '%s' 'SELECT name FROM category; PRAGMA user_version; PRAGMA journal_mode'", path);
    char expected[40];
    snprintf(expected, sizeof expected, "a\n%d\nwal\n", SCHEMA_VERSION);
    ck_assert_str_eq(out, expected);
    free(out);
}
END_TEST

START_TEST(refuses_what_is_no_database)
{
    sandbox_text(folder, "deep/er/catalog.db", "this is a shopping list and no database, whatever its name is\n");
    expect_failure("ECORRUPT", "move it away");
}
END_TEST

START_TEST(refuses_another_programs)
{
    sandbox_folder(folder, "deep/er");
    free(sandbox_run("sqlite3 '%s' 'CREATE TABLE songs (title)'", path));
    expect_failure("ECATALOG", "another program");
    char *out = sandbox_run("sqlite3 '%s' .tables", path);
    ck_assert_str_eq(out, "songs\n");
    free(out);
}
END_TEST

START_TEST(refuses_a_newer_one)
{
    struct catalog *cat = NULL;

    ck_assert_int_eq(catalog_open(path, &cat, NULL), 0);
    catalog_exec(cat, "PRAGMA user_version = 99", NULL);
    catalog_close(cat);
    expect_failure("EVERSION", "newer");
}
END_TEST

/* A connection that rests is met again as it was opened; not one with anything left open or of its own, nor of a file that is gone. */
START_TEST(a_closed_one_rests)
{
    struct catalog *cat, *again;
    sqlite3_stmt *stmt;

    ck_assert_int_eq(catalog_open(path, &cat, NULL), 0);
    const sqlite3 *first = catalog_handle(cat);
    catalog_close(cat);
    ck_assert_int_eq(catalog_open(path, &again, NULL), 0);
    ck_assert_ptr_eq(catalog_handle(again), first);
    ck_assert_int_eq(catalog_open(path, &cat, NULL), 0);    /* never two at once */
    ck_assert_ptr_ne(catalog_handle(cat), first);
    catalog_close(cat);
    ck_assert_int_eq(catalog_begin(again, NULL), 0);
    ck_assert_int_eq(catalog_exec(again, "INSERT INTO category (name, path) VALUES ('left', 'open')", NULL), 0);
    catalog_close(again);    /* rolled back, and what was begun is nobody else's */
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(catalog_open(path, &cat, NULL), 0);
        ck_assert(sqlite3_get_autocommit(catalog_handle(cat)));
        ck_assert_int_eq(catalog_prepare(cat, "SELECT 1 FROM category", &stmt, NULL), 0);
        ck_assert_int_eq(sqlite3_step(stmt), SQLITE_DONE);
        sqlite3_finalize(stmt);
        ck_assert_int_eq(catalog_exec(cat, i ? "SELECT 1" : "PRAGMA cache_size = -256", NULL), 0);
        catalog_own(cat);
        catalog_close(cat);
    }
    ck_assert_int_eq(catalog_open(path, &cat, NULL), 0);
    ck_assert_int_eq(catalog_prepare(cat, "PRAGMA cache_size", &stmt, NULL), 0);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_column_int(stmt, 0), -4096);
    sqlite3_finalize(stmt);
    catalog_close(cat);
    free(sandbox_run("mv '%s' '%s.old'", path, path));
    ck_assert_int_eq(catalog_open(path, &cat, NULL), 0);
    free(sandbox_run("test -e '%s'", path));
    catalog_close(cat);
}
END_TEST

/* Every page overwritten in turn: opening or checking says so, and neither crashes. */
START_TEST(damage_is_said)
{
    static const char junk[512] = "junk";
    struct catalog *cat = NULL;
    struct error err = {0};
    char *size;
    int seen = 0;

    ck_assert_int_eq(catalog_open(path, &cat, NULL), 0);
    catalog_close(cat);
    catalog_release();
    size = sandbox_run("stat -c %%s '%s'", path);
    for (long at = 0; at < atol(size); at += 8192) {
        free(sandbox_run("cp '%s' '%s.bad'", path, path));
        char bad[320];
        snprintf(bad, sizeof bad, "%s.bad", path);
        int fd = open(bad, O_WRONLY);
        ck_assert_int_eq(pwrite(fd, junk, sizeof junk, at), sizeof junk);
        close(fd);
        int code = catalog_open(bad, &cat, &err);
        if (!code) {
            code = catalog_check(cat, &err);
            catalog_close(cat);
            catalog_release();    /* the next one lies in the same file */
        }
        if (code) {
            seen++;
            ck_assert_msg(strcmp(err.code, "ECORRUPT") == 0, "%s: %s", err.code, err.message);
        }
        error_clear(&err);
    }
    free(size);
    ck_assert_int_ge(seen, 10);
}
END_TEST

START_TEST(says_where_it_cannot_write)
{
    struct catalog *cat = NULL;
    struct error err = {0};

    sandbox_text(folder, "deep", "a file in the way");
    ck_assert_int_lt(catalog_open(path, &cat, &err), 0);
    ck_assert_msg(strstr(err.message, "deep"), "%s", err.message);
    error_clear(&err);
}
END_TEST

Suite *suite_catalog(void)
{
    Suite *s = suite_create("catalog");
    TCase *t = tcase_create("catalog");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, made_private_and_reopened);
    tcase_add_test(t, refuses_what_is_no_database);
    tcase_add_test(t, refuses_another_programs);
    tcase_add_test(t, refuses_a_newer_one);
    tcase_add_test(t, a_closed_one_rests);
    tcase_add_test(t, damage_is_said);
    tcase_add_test(t, says_where_it_cannot_write);
    suite_add_tcase(s, t);
    return s;
}
