/* plan: below what is blocked nothing is touched, and nothing else is left out for it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "copy/plan.h"
#include "copying.h"
#include "sandbox.h"
#include "suites.h"

/*
 * "a" and "a-b" are folders at the source, and files at the destination. The names between and around them begin alike;
 * in the order of bytes "a b", "a-b" and "a.c" come between "a" and "a/x".
 */
static const char *const blocked[] = {"a", "a-b"};
static const char *const open_ones[] = {"a b", "a-", "a-bc", "a.c", "a0", "aa", "z/a", "z/a-b"};

static void plant_folder(const char *name)
{
    char path[200];

    snprintf(path, sizeof path, "A/" P "/%s/f", name);
    sandbox_text(lib.folder, path, "x");
    snprintf(path, sizeof path, "A/" P "/%s/x/deep/f", name);
    sandbox_text(lib.folder, path, "y");
}

static void set_up(void)
{
    char path[200];

    copying_open();
    for (size_t i = 0; i < sizeof open_ones / sizeof *open_ones; i++)
        plant_folder(open_ones[i]);
    for (size_t i = 0; i < sizeof blocked / sizeof *blocked; i++) {
        plant_folder(blocked[i]);
        snprintf(path, sizeof path, "B/" P "/%s", blocked[i]);
        sandbox_text(lib.folder, path, "a file");
    }
    copying_load();
}

struct seen {
    struct buf judged;    /* names of folders that are not blocked, a line each */
    int blocked;          /* regular files in blocked ones */
};

static int see_name(void *arg, const struct plan_name *name)
{
    struct seen *seen = arg;

    if (name->pair->left && S_ISREG(name->pair->left->mode))
        buf_printf(&seen->judged, "%s/%s\n", name->dir->path, name->name);
    return 0;
}

static void see_blocked(void *arg, const struct merge_pair *pair)
{
    struct seen *seen = arg;
    seen->blocked += pair->left && S_ISREG(pair->left->mode);
}

/* The files of the source outside of the two folders, by find, in the order of a pass. */
static char *files_outside(void)
{
    return sandbox_run("cd '%s'/A/" P " && find . -type f -not -path './a/*' -not -path './a-b/*' -printf '%%P\\n' | "
                       "LC_ALL=C sort", lib.folder);
}

static char *sorted(const char *lines)
{
    sandbox_text(lib.folder, "lines", lines);
    return sandbox_run("LC_ALL=C sort '%s/lines'", lib.folder);
}

START_TEST(only_what_lies_below_is_blocked)
{
    struct seen seen = {0};
    struct plan_visitor visitor = {.name = see_name, .blocked = see_blocked, .arg = &seen};
    struct plan plan = {.cat = lib.cat,
                        .source = library_replica(&lib, 1, 1, "acme", "spot"),
                        .target = library_replica(&lib, 2, 1, "acme", "spot")};
    struct error err = {0};

    ck_assert_int_ne(plan.source, 0);
    ck_assert_int_ne(plan.target, 0);
    ck_assert_int_eq(plan_pass(&plan, &visitor, &err), 0);
    plan_free(&plan);
    char *expected = files_outside(), *judged = sorted(buf_str(&seen.judged));
    ck_assert_str_eq(judged, expected);
    ck_assert_int_eq(seen.blocked, 4);
    free(expected);
    free(judged);
    buf_free(&seen.judged);
}
END_TEST

START_TEST(all_else_is_copied)
{
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.conflicts, 2);
    ck_assert_int_eq(out.copied, 16);
    char *expected = files_outside();
    char *there = sandbox_run("cd '%s'/B/" P " && find . -mindepth 2 -type f -printf '%%P\\n' | LC_ALL=C sort",
                              lib.folder);
    ck_assert_str_eq(there, expected);
    char *files = sandbox_run("cd '%s'/B/" P " && cat a a-b", lib.folder);
    ck_assert_str_eq(files, "a filea file");
    free(expected);
    free(there);
    free(files);
}
END_TEST

Suite *suite_copy_plan(void)
{
    Suite *suite = suite_create("copy_plan");
    TCase *tcase = tcase_create("blocked");

    tcase_add_checked_fixture(tcase, set_up, copying_close);
    tcase_add_test(tcase, only_what_lies_below_is_blocked);
    tcase_add_test(tcase, all_else_is_copied);
    suite_add_tcase(suite, tcase);
    return suite;
}
