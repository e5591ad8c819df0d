/* What a load remembers besides replicas: loose entries, what lies beside the categories, what was read, what versions hold. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "index/listing.h"
#include "index/places.h"
#include "index/roster.h"
#include "library.h"
#include "sandbox.h"
#include "scan/held.h"
#include "scan/measure.h"
#include "suites.h"

static struct library lib;

static void set_up(void) { library_open(&lib); }
static void tear_down(void) { library_close(&lib); }

/* The rows of a query by the sqlite3 program, as "a|b\n". */
static void assert_rows(const char *sql, const char *expected)
{
    char *out = sandbox_run("sqlite3 -separator '|' '%s' \"%s\"", lib.path, sql);
    ck_assert_str_eq(out, expected);
    free(out);
}

static long bytes_below(const char *path)
{
    char *out = sandbox_run("cd '%s' && find '%s' -type f -printf '%%s\\n' | awk '{ s += $1 } END { print s + 0 }'", lib.folder, path);
    long n = atol(out);
    free(out);
    return n;
}

static void forbid(const char *table)
{
    char sql[400];

    snprintf(sql, sizeof sql,
             "CREATE TRIGGER no_i BEFORE INSERT ON %s BEGIN SELECT raise(ABORT, 'i'); END;"
             "CREATE TRIGGER no_d BEFORE DELETE ON %s BEGIN SELECT raise(ABORT, 'd'); END", table, table);
    ck_assert_int_eq(catalog_exec(lib.cat, sql, NULL), 0);
}

START_TEST(loose_entries_that_stay_are_not_written)
{
    sandbox_many(lib.folder, "A/one", "loose", 20000);
    ck_assert_int_eq(library_load(&lib, 1, 2).loose, 20000);
    forbid("loose");
    ck_assert_str_eq(library_load(&lib, 1, 2).code, "");
    ck_assert_int_eq(catalog_exec(lib.cat, "DROP TRIGGER no_i; DROP TRIGGER no_d", NULL), 0);
    free(sandbox_run("cd '%s/A/one' && rm loose7 && mv loose8 loose8x && ln -s a loose9x && rm loose9 && mkdir loose9", lib.folder));
    ck_assert_int_eq(library_load(&lib, 1, 2).loose, 19999);
    assert_rows("SELECT CAST(path AS TEXT), kind FROM loose WHERE path > 'loose8' AND CAST(path AS TEXT) GLOB 'loose[789]' OR "
                "CAST(path AS TEXT) GLOB '*x'", "loose8x|file\nloose9x|symlink\n");
}
END_TEST

START_TEST(what_lies_beside_the_categories_is_told)
{
    sandbox_text(lib.folder, "A/one/c/p/f", "x");
    sandbox_text(lib.folder, "A/deliver/day 1/master.mov", "three hundred megabytes");
    sandbox_text(lib.folder, "A/deliver/b", "b");
    sandbox_text(lib.folder, "A/deep/two/c/p/f", "x");
    sandbox_text(lib.folder, "A/deep/other/f", "1234");
    sandbox_text(lib.folder, "A/note.txt", "12");
    free(sandbox_run("cd '%s/A' && mkdir empty lost+found .Trash-1000 'System Volume Information' '$RECYCLE.BIN' && "
                     "touch .DS_Store .Trash-x && ln -s one link && mkfifo pipe", lib.folder));
    ck_assert_int_eq(library_load(&lib, 1, 2).files, 2);
    assert_rows("SELECT CAST(path AS TEXT), kind, files, bytes, whole FROM outside WHERE database = 1",
                ".Trash-x|file|1|0|1\ndeep/other|directory|1|4|1\ndeliver|directory|2|24|1\nempty|directory|0|0|1\n"
                "link|symlink|0|0|1\nnote.txt|file|1|2|1\npipe|fifo|0|0|1\n");
    ck_assert_int_eq(library_number(&lib, "SELECT bytes FROM outside WHERE path = CAST('deliver' AS BLOB)"), bytes_below("A/deliver"));
    forbid("outside");
    ck_assert_str_eq(library_load(&lib, 1, 2).code, "");
    catalog_exec(lib.cat, "DROP TRIGGER no_i; DROP TRIGGER no_d", NULL);
    free(sandbox_run("rm -r '%s/A/deliver'", lib.folder));
    library_load(&lib, 1, 2);
    ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM outside"), 6);
}
END_TEST

START_TEST(measuring_ends_when_time_is_up)
{
    sandbox_many(lib.folder, "A/big/x", "f", 3000);
    sandbox_text(lib.folder, "A/big/y/z", "12345");
    int root = path_open_root(lib.folder);
    struct measured all = measure_tree(root, "A/big", clock_monotonic() + 60 * NSEC_PER_SEC, NULL);
    struct measured none = measure_tree(root, "A/big", clock_monotonic() - 1, NULL);
    struct measured missing = measure_tree(root, "A/nothing", clock_monotonic() + NSEC_PER_SEC, NULL);
    close(root);
    ck_assert_int_eq(all.files, 3001);
    ck_assert_int_eq(all.bytes, bytes_below("A/big"));
    ck_assert(all.whole);
    ck_assert(!none.whole);
    ck_assert_int_lt(none.files, 3001);
    ck_assert(!missing.whole);
}
END_TEST

START_TEST(what_was_read_is_noted_for_each_category)
{
    sandbox_text(lib.folder, "A/one/shut/p/f", "x");
    sandbox_text(lib.folder, "A/one/c/p/f", "x");
    sandbox_text(lib.folder, "A/one/shut/beside", "x");
    sandbox_text(lib.folder, "A/deep/two/c/p/f", "x");
    library_load(&lib, 1, 2);
    assert_rows("SELECT database, category, read_at = (SELECT loaded_at FROM database WHERE id = 1) FROM reading",
                "1|1|1\n1|2|1\n");
    ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM unread"), 0);
    catalog_exec(lib.cat, "DELETE FROM reading", NULL);
    catalog_close(lib.cat);
    if (!sandbox_drop_root(lib.folder))
        return;
    ck_assert_int_eq(catalog_open(lib.path, &lib.cat, NULL), 0);
    free(sandbox_run("cd '%s/A' && chmod 0 one/shut deep/two", lib.folder));
    ck_assert_str_eq(library_load(&lib, 1, 2).code, "");
    assert_rows("SELECT category FROM reading", "1\n");
    assert_rows("SELECT category, CAST(client AS TEXT), CAST(project AS TEXT) FROM unread", "1|shut|\n2||\n");
    /* What lay there is still known. */
    assert_rows("SELECT CAST(path AS TEXT) FROM loose", "shut/beside\n");
    assert_rows("SELECT category, CAST(name AS TEXT) FROM client", "1|c\n1|shut\n2|c\n");
    free(sandbox_run("cd '%s/A' && chmod 755 one/shut deep/two", lib.folder));
    library_load(&lib, 1, 2);
    assert_rows("SELECT category FROM reading", "1\n2\n");
    ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM unread"), 0);
}
END_TEST

START_TEST(what_lies_in_an_unread_folder_is_not_absent)
{
    sandbox_text(lib.folder, "A/one/c/p/f", "x");
    sandbox_text(lib.folder, "A/deep/two/c/p/f", "x");
    sandbox_text(lib.folder, "A/deep/other/f", "1234");
    library_load(&lib, 1, 2);
    catalog_close(lib.cat);
    bool is_user = sandbox_drop_root(lib.folder);
    ck_assert_int_eq(catalog_open(lib.path, &lib.cat, NULL), 0);
    if (!is_user)
        return;
    free(sandbox_run("chmod 0 '%s/A/deep'", lib.folder));
    library_load(&lib, 1, 2);
    assert_rows("SELECT CAST(path AS TEXT), kind, bytes FROM outside", "deep|unreadable|\ndeep/other|directory|4\n");
    free(sandbox_run("chmod 755 '%s/A/deep' && rm -r '%s/A/deep/other'", lib.folder, lib.folder));
    library_load(&lib, 1, 2);
    ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM outside"), 0);
}
END_TEST

static void write_outside(int64_t files, int64_t bytes, bool whole)
{
    struct place found = {.path = "big", .kind = "directory", .files = files, .bytes = bytes, .whole = whole};
    struct places p = {PLACES_OUTSIDE, 1, &found, 1, NULL, NULL};

    ck_assert_int_eq(places_write(lib.cat, &p, NULL), 0);
}

START_TEST(known_sums_are_not_lost_when_time_is_up)
{
    static const char rows[] = "SELECT files, bytes, whole FROM outside";

    write_outside(10, 1000, true);
    write_outside(-1, -1, false);
    write_outside(4, 400, false);
    assert_rows(rows, "10|1000|1\n");
    write_outside(11, 900, false);
    assert_rows(rows, "11|900|0\n");
    write_outside(3, 30, true);    /* measured to the end, less is less */
    assert_rows(rows, "3|30|1\n");
}
END_TEST

#define MICROSECOND 1000LL

START_TEST(time_is_looked_at_at_each_entry)
{
    bool partial = false;

    sandbox_many(lib.folder, "A/big", "f", 200);
    int root = path_open_root(lib.folder);
    for (int64_t budget = MICROSECOND; !partial && budget < 100 * NSEC_PER_MSEC; budget += budget / 50 + MICROSECOND) {
        struct measured m = measure_tree(root, "A/big", clock_monotonic() + budget, NULL);
        partial = !m.whole && m.files > 0 && m.files < 200;
    }
    close(root);
    ck_assert(partial);
}
END_TEST

/* What 8 EiB and more come to: sparse files say so. */
START_TEST(sums_end_at_the_largest_number)
{
    const struct entry huge = {.mode = S_IFREG, .size = 5ULL << 60};
    struct totals t = {0}, more = {0};
    struct roster_sums sums;

    totals_add_entry(&t, &huge);
    ck_assert_int_eq(t.bytes, 5LL << 60);
    totals_add_entry(&t, &huge);
    ck_assert_int_eq(t.bytes, INT64_MAX);
    totals_add(&more, &t);
    totals_add(&more, &t);
    ck_assert_int_eq(more.bytes, INT64_MAX);
    sandbox_text(lib.folder, "A/one/c/p/f", "x");
    sandbox_text(lib.folder, "A/one/c/q/f", "x");
    library_load(&lib, 1, 2);
    ck_assert_int_eq(roster_sums(lib.cat, 1, &sums, NULL), 0);
    ck_assert_int_eq(sums.bytes, 2);
    ck_assert_int_eq(catalog_exec(lib.cat, "UPDATE replica SET bytes = 9223372036854775807", NULL), 0);
    ck_assert_int_eq(roster_sums(lib.cat, 1, &sums, NULL), 0);
    ck_assert_int_eq(sums.bytes, INT64_MAX);
}
END_TEST

#define HELD "SELECT CAST(operation AS TEXT), files, bytes, whole FROM held WHERE database = 1"

START_TEST(versions_are_counted_once)
{
    sandbox_text(lib.folder, "A/.autobackup/versions/op1/one/c/p/f", "12345");
    sandbox_text(lib.folder, "A/.autobackup/versions/op1/one/c/p/d/g", "1");
    sandbox_text(lib.folder, "A/.autobackup/versions/op2/one/c/p/f", "123");
    library_load(&lib, 1, 2);
    assert_rows(HELD, "op1|2|6|1\nop2|1|3|1\n");
    ck_assert_int_eq(library_number(&lib, "SELECT sum(bytes) FROM held"), bytes_below("A/.autobackup/versions"));
    ck_assert_int_gt(library_number(&lib, "SELECT space_total FROM database WHERE id = 1"), 0);
    /* A folder that was counted is not gone through again: what is put deep into it does not show. */
    sandbox_text(lib.folder, "A/.autobackup/versions/op1/one/c/p/d/later", "more");
    free(sandbox_run("rm -r '%s/A/.autobackup/versions/op2'", lib.folder));
    sandbox_text(lib.folder, "A/.autobackup/versions/op3/one/c/p/f", "12");
    int root = path_open_root(lib.folder);
    int a = path_open_dir(root, "A");
    ck_assert_int_eq(held_count(lib.cat, 1, a, 60 * NSEC_PER_SEC, NULL, NULL), 0);
    assert_rows(HELD, "op1|2|6|1\nop3|1|2|1\n");
    /* An operation that runs still adds to its versions, without its own folder showing it. */
    sandbox_text(lib.folder, "A/.autobackup/versions/op5/one/c/p/f", "123");
    sandbox_text(lib.folder, "A/.autobackup/operations/op5.open", "");
    ck_assert_int_eq(held_count(lib.cat, 1, a, 60 * NSEC_PER_SEC, NULL, NULL), 0);
    assert_rows(HELD, "op1|2|6|1\nop3|1|2|1\nop5|1|3|0\n");
    sandbox_text(lib.folder, "A/.autobackup/versions/op5/one/c/p/g", "45");
    free(sandbox_run("cd '%s/A/.autobackup/operations' && mv op5.open op5", lib.folder));
    ck_assert_int_eq(held_count(lib.cat, 1, a, 60 * NSEC_PER_SEC, NULL, NULL), 0);
    assert_rows(HELD, "op1|2|6|1\nop3|1|2|1\nop5|2|5|1\n");
    /* What did not fit into the time is at least so much, and counted the next time. */
    sandbox_many(lib.folder, "A/.autobackup/versions/op4/x", "f", 3000);
    ck_assert_int_eq(held_count(lib.cat, 1, a, -1, NULL, NULL), 0);
    ck_assert_int_eq(library_number(&lib, "SELECT whole FROM held WHERE operation = CAST('op4' AS BLOB)"), 0);
    ck_assert_int_eq(held_count(lib.cat, 1, a, 60 * NSEC_PER_SEC, NULL, NULL), 0);
    ck_assert_int_eq(library_number(&lib, "SELECT files * whole FROM held WHERE operation = CAST('op4' AS BLOB)"), 3000);
    close(a);
    close(root);
}
END_TEST

/* The head of a manifest, as copy/manifest.h has it. */
static void write_head(const char *name, const char *kind, const char *source)
{
    free(sandbox_run("cd '%s/A' && mkdir -p .autobackup/operations && printf 'autobackup-manifest\\0001\\0%s\\0%s\\000one/c/p\\0T\\0%s\\0h\\0001\\0001\\0000\\0' "
                     ">.autobackup/operations/%s", lib.folder, name, kind, source, name));
}

static void recount(const char *expected)
{
    int root = path_open_root(lib.folder);
    int a = path_open_dir(root, "A");

    ck_assert_int_eq(held_count(lib.cat, 1, a, 60 * NSEC_PER_SEC, NULL, NULL), 0);
    close(a);
    close(root);
    assert_rows(HELD, expected);
}

/* Another workstation undoes it, or this one's undo is killed: nobody tells the catalog. */
START_TEST(versions_are_counted_again_when_an_undo_was_about_them)
{
    for (int i = 1; i <= 3; i++) {
        char path[100], name[20];
        snprintf(path, sizeof path, "A/.autobackup/versions/op%d/one/c/p/d/f", i);
        snprintf(name, sizeof name, "op%d", i);
        sandbox_text(lib.folder, path, "12345");
        write_head(name, "copy", "S");
    }
    library_load(&lib, 1, 2);
    recount("op1|1|5|1\nop2|1|5|1\nop3|1|5|1\n");
    free(sandbox_run("cd '%s/A/.autobackup/versions' && for o in 1 2 3; do echo more >op$o/one/c/p/d/g; done", lib.folder));
    sandbox_let_time_pass(lib.folder);
    write_head("undo1", "undo", "op1");
    recount("op1|2|10|1\nop2|1|5|1\nop3|1|5|1\n");
    write_head("undo2.open", "undo", "op2");    /* at work, or killed */
    recount("op1|2|10|1\nop2|2|10|0\nop3|1|5|1\n");
    free(sandbox_run("cd '%s/A/.autobackup' && rm versions/op2/one/c/p/d/g && mv operations/undo2.open operations/undo2",
                     lib.folder));
    recount("op1|2|10|1\nop2|1|5|1\nop3|1|5|1\n");
    free(sandbox_run("rm '%s/A/.autobackup/versions/op1/one/c/p/d/g'", lib.folder));
    write_head("undo3", "undo", "undo1");       /* of an undo: from what op1 kept */
    recount("op1|1|5|1\nop2|1|5|1\nop3|1|5|1\n");
    write_head("prune1", "prune", "");          /* may be about any */
    recount("op1|1|5|1\nop2|1|5|1\nop3|2|10|1\n");
}
END_TEST

START_TEST(a_catalog_that_fails_is_no_count)
{
    sandbox_text(lib.folder, "A/.autobackup/versions/op1/one/c/p/f", "12345");
    forbid("held");
    ck_assert_str_eq(library_load(&lib, 1, 2).code, "ECATALOG");
}
END_TEST

Suite *suite_beside(void)
{
    Suite *s = suite_create("beside");
    TCase *t = tcase_create("beside");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, loose_entries_that_stay_are_not_written);
    tcase_add_test(t, what_lies_beside_the_categories_is_told);
    tcase_add_test(t, measuring_ends_when_time_is_up);
    tcase_add_test(t, what_was_read_is_noted_for_each_category);
    tcase_add_test(t, what_lies_in_an_unread_folder_is_not_absent);
    tcase_add_test(t, known_sums_are_not_lost_when_time_is_up);
    tcase_add_test(t, time_is_looked_at_at_each_entry);
    tcase_add_test(t, sums_end_at_the_largest_number);
    tcase_add_test(t, versions_are_counted_once);
    tcase_add_test(t, versions_are_counted_again_when_an_undo_was_about_them);
    tcase_add_test(t, a_catalog_that_fails_is_no_count);
    suite_add_tcase(s, t);
    return s;
}
