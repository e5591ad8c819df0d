/* A mirror whose source goes from the catalog, not from its disk: nothing may be moved away. find and sqlite3 are the oracles. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "copying.h"
#include "faults.h"
#include "sandbox.h"
#include "suites.h"

static char *tree(void)
{
    return sandbox_run("cd '%s'/B && find . -path ./.autobackup -prune -o -printf '%%p %%y %%s %%T@ %%i\\n' | sort", lib.folder);
}

static void sql(const char *text) { free(sandbox_run("sqlite3 '%s' 'PRAGMA foreign_keys = ON; %s'", lib.path, text)); }

static void start_from_equal(void)
{
    copying_plant();
    copying_run();
    copying.mirror = true;
    copying_load();
}

/* The replica is known, its folders are not any more. */
START_TEST(folders_that_went_from_the_catalog_are_not_empty)
{
    start_from_equal();
    char *before = tree();
    sql("DELETE FROM directory WHERE replica IN (SELECT id FROM replica WHERE database = 1)");
    copying_finish(copying_start());
    char *after = tree();
    ck_assert_msg(!strcmp(before, after), "the destination is not what it was");
    ck_assert_int_eq(out.removed, 0);
    ck_assert_int_ge(out.conflicts, 205);
    ck_assert_str_eq(out.problem_code, "ECHANGED");
    ck_assert_int_eq(library_number(&lib, "SELECT state = 'partial' FROM operation ORDER BY started_at DESC LIMIT 1"), 1);
    free(before);
    free(after);
}
END_TEST

static bool removed;

static void remove_source(void)
{
    if (!removed)
        sql("DELETE FROM database WHERE name = \"A\"");
    removed = true;
}

/* With the whole database, while the copy is at work: it ends, and says so. */
START_TEST(a_source_that_is_removed_ends_the_copy)
{
    start_from_equal();
    sandbox_text(lib.folder, "A/" P "/new", "to have something to sync");
    sandbox_folder(lib.folder, "B/" P "/extra");
    copying_load();
    removed = false;
    faults.synced = remove_source;
    copying_finish(copying_start());
    faults.synced = NULL;
    ck_assert(removed);
    ck_assert_str_eq(out.type, "failed");
    ck_assert_str_eq(out.code, "ECHANGED");
    ck_assert_int_eq(out.removed, 0);
    free(sandbox_run("cd '%s'/B/" P " && test -d extra && test $(find . -type f | wc -l) -ge 203", lib.folder));
}
END_TEST

/* What really is not there goes as ever, below a folder that is not there either, too. */
START_TEST(what_is_not_at_the_source_goes)
{
    start_from_equal();
    free(sandbox_run("cd '%s'/B/" P " && mkdir -p more/deep && echo 1 >more/deep/x && echo 2 >d1/extra", lib.folder));
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.removed, 2);
    ck_assert_int_eq(out.conflicts, 0);
    copying_is_same();
}
END_TEST

Suite *suite_copy_gone(void)
{
    Suite *s = suite_create("copy/gone");
    TCase *c = tcase_create("mirrors");

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, copying_open, copying_close);
    tcase_add_test(c, folders_that_went_from_the_catalog_are_not_empty);
    tcase_add_test(c, a_source_that_is_removed_ends_the_copy);
    tcase_add_test(c, what_is_not_at_the_source_goes);
    suite_add_tcase(s, c);
    return s;
}
