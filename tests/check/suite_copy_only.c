/* only: what patterns mean, and copies that are about some paths of a replica. Oracles: find, stat. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "copy/only.h"
#include "copying.h"
#include "sandbox.h"
#include "suites.h"

#define IN "cd '%s'/%s/" P " && "

static enum only_extent extent_of(const char *pattern, const char *dir, const char *name)
{
    char *patterns[] = {(char *)pattern};
    struct only *only;
    struct error err = {0};

    ck_assert_int_eq(only_new(patterns, 1, &only, &err), 0);
    enum only_extent extent = only_enter(only, dir, strlen(dir));
    if (*name)
        extent = only_name(only, name, strlen(name));
    only_free(only);
    return extent;
}

static const struct {
    const char *pattern, *dir, *name;
    enum only_extent extent;
} cases[] = {
    {"a", "", "a", ONLY_COVERED},           {"a", "a/b", "c", ONLY_COVERED},        {"a", "", "ab", ONLY_OUTSIDE},
    {"a/", "", "a", ONLY_COVERED},          {"./a//b", "a", "b", ONLY_COVERED},     {"a/b", "", "a", ONLY_LEADS},
    {"a/b", "b", "b", ONLY_OUTSIDE},        {"a/b", "", "b", ONLY_OUTSIDE},         {"*", "", "a", ONLY_COVERED},
    {"*.x", "", "a.x", ONLY_COVERED},       {"*.x", "", "d", ONLY_OUTSIDE},         {"*.x", "d", "a.x", ONLY_OUTSIDE},
    {"**/*.x", "", "a.x", ONLY_COVERED},    {"**/*.x", "d/e", "a.x", ONLY_COVERED}, {"**/*.x", "", "d", ONLY_LEADS},
    {"a/**", "", "a", ONLY_LEADS},          {"a/**", "a", "b", ONLY_COVERED},       {"a/**", "a/b", "c", ONLY_COVERED},
    {"a/**/z", "a", "z", ONLY_COVERED},     {"a/**/z", "a/b/c", "z", ONLY_COVERED}, {"a/**/z", "a/b", "y", ONLY_LEADS},
    {"**/m/**/z", "m", "z", ONLY_COVERED},  {"**/m/**/z", "q/m/r", "z", ONLY_COVERED},
    {"**", "", "a", ONLY_COVERED},          {"a*c/d", "", "abc", ONLY_LEADS},       {"*/z", "", "a", ONLY_LEADS},
    {"a?", "", "a\xc3\xa4", ONLY_COVERED},  {"a[1]", "", "a1", ONLY_COVERED},       {"a[1]", "", "a[1]", ONLY_COVERED},
    {"a[[]1]", "", "a1", ONLY_OUTSIDE},     {"\xff", "", "\xff", ONLY_COVERED},     {"\xff", "", "\xfe", ONLY_OUTSIDE},
};

START_TEST(a_pattern_covers)
{
    ck_assert_msg(extent_of(cases[_i].pattern, cases[_i].dir, cases[_i].name) == cases[_i].extent, "%s: %s/%s",
                  cases[_i].pattern, cases[_i].dir, cases[_i].name);
}
END_TEST

START_TEST(what_leads_elsewhere_is_refused)
{
    static char *const wrong[] = {"", "/", "/a", "a/../b", "..", "./", "."};
    struct error err = {0};
    struct only *only;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_msg(only_new(&wrong[i], 1, &only, &err) < 0, "'%s'", wrong[i]);
        ck_assert_str_eq(err.code, "EINVAL");
        error_clear(&err);
    }
}
END_TEST

START_TEST(a_path_that_is_spelled_like_a_pattern_is_that_path)
{
    char *patterns[] = {"d/f[12]"};
    struct only *only;
    struct error err = {0};

    ck_assert_int_eq(only_new(patterns, 1, &only, &err), 0);
    only_enter(only, "d", 1);
    ck_assert_int_eq(only_name(only, "f1", 2), ONLY_COVERED);
    ck_assert(!only_count(only, "f1", 2));
    ck_assert_int_eq(only_name(only, "f[12]", 5), ONLY_COVERED);
    ck_assert(only_count(only, "f[12]", 5));
    ck_assert_int_eq(only_name(only, "f1", 2), ONLY_OUTSIDE);
    ck_assert_int_eq(only_hits(only, 0), 2);
    only_free(only);
}
END_TEST

/* ---- copies ---- */

static void set_up(void)
{
    copying_open();
    free(sandbox_run("mkdir -p '%s'/A/" P " '%s'/B/" P, lib.folder, lib.folder));
}

static void run_only(const char *pattern)
{
    copying.only = mem_zalloc(sizeof *copying.only);
    copying.only[0] = mem_strdup(pattern);
    copying.only_count = 1;
    copying_run();
    copying.only = NULL;
    copying.only_count = 0;
}

static char *paths_of(const char *database)
{
    return sandbox_run(IN "find . -mindepth 1 -printf '%%P\\n' | LC_ALL=C sort | tr '\\n' ' '", lib.folder, database);
}

static void assert_paths(const char *database, const char *expected)
{
    char *paths = paths_of(database);
    ck_assert_str_eq(paths, expected);
    free(paths);
}

static void plant(const char *database, const char *name, const char *text)
{
    char *path;

    ck_assert_int_gt(asprintf(&path, "%s/" P "/%s", database, name), 0);
    sandbox_text(lib.folder, path, text);
    free(path);
}

START_TEST(nothing_else_is_copied_or_made)
{
    plant("A", "a/x/f.x", "1");
    plant("A", "a/y/f.y", "2");
    plant("A", "b/f.x", "3");
    free(sandbox_run(IN "mkdir -p empty/deep && chmod 750 a && touch -d 2020-02-02 a a/x", lib.folder, "A"));
    run_only("a/**/*.x");
    copying_is_done();
    ck_assert_int_eq(out.copied, 1);
    ck_assert_int_eq(out.left, 0);
    assert_paths("B", "a a/x a/x/f.x ");
    char *a = sandbox_run(IN "stat -c '%%a %%Y' a a/x", lib.folder, "A");
    char *b = sandbox_run(IN "stat -c '%%a %%Y' a a/x", lib.folder, "B");
    ck_assert_str_eq(a, b);
    free(a);
    free(b);
}
END_TEST

/* What leads there stays as it is, its time too, whatever the source's is. */
START_TEST(folders_on_the_way_stay_as_they_are)
{
    plant("A", "a/x/f", "1");
    plant("A", "a/x/g", "1");
    plant("B", "a/x/old", "1");
    free(sandbox_run(IN "touch -d 2020-02-02 a a/x .", lib.folder, "A"));
    free(sandbox_run(IN "chmod 700 a && touch -d 2021-03-03 a/x a .", lib.folder, "B"));
    char *before = sandbox_run(IN "stat -c '%%n %%a %%y' . a a/x", lib.folder, "B");
    run_only("a/x/f");
    copying_is_done();
    char *after = sandbox_run(IN "stat -c '%%n %%a %%y' . a a/x", lib.folder, "B");
    ck_assert_str_eq(before, after);
    assert_paths("B", "a a/x a/x/f a/x/old ");
    free(before);
    free(after);
}
END_TEST

START_TEST(a_mirror_removes_what_it_is_about)
{
    plant("A", "a/f", "1");
    plant("A", "c", "1");
    plant("B", "a/old/f", "1");
    plant("B", "b/old/f", "1");
    plant("B", "old", "1");
    free(sandbox_run(IN "touch -d 2021-03-03 . b", lib.folder, "B"));
    char *before = sandbox_run(IN "stat -c '%%n %%y' . b", lib.folder, "B");
    copying.mirror = true;
    run_only("a/**");
    copying_is_done();
    assert_paths("B", "a a/f b b/old b/old/f old ");
    ck_assert_int_eq(out.removed, 1);
    copying.mirror = true;
    run_only("b/old");    /* which the source has not at all */
    copying_is_done();
    assert_paths("B", "a a/f b old ");
    char *after = sandbox_run(IN "stat -c '%%n %%y' . b", lib.folder, "B");
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}
END_TEST

/* Of one file's names, whichever are asked for, and wherever the one lies that is in place. */
START_TEST(further_names_are_linked_to_what_is_in_place)
{
    static const char *const first[] = {"b/two", "a/one", "c"};

    plant("A", "a/one", "the same");
    free(sandbox_run(IN "mkdir b && ln a/one b/two && ln a/one c", lib.folder, "A"));
    for (int i = 0; i < 3; i++) {
        run_only(first[(_i + i) % 3]);
        copying_is_done();
        ck_assert_int_eq(out.copied, 1);
    }
    char *links = sandbox_run(IN "stat -c %%h a/one b/two c | tr '\\n' ' '", lib.folder, "B");
    ck_assert_str_eq(links, "3 3 3 ");
    free(links);
}
END_TEST

/* A name that is not asked for and is another file at the destination is nothing to link to. */
START_TEST(what_differs_there_is_nothing_to_link_to)
{
    plant("A", "one", "the same");
    free(sandbox_run(IN "ln one two", lib.folder, "A"));
    plant("B", "one", "different!");
    run_only("two");
    copying_is_done();
    char *texts = sandbox_run(IN "cat one two", lib.folder, "B");
    ck_assert_str_eq(texts, "different!the same");
    free(texts);
}
END_TEST

START_TEST(what_is_in_the_way_is_told)
{
    plant("A", "a/x/f", "1");
    plant("A", "b/f", "1");
    plant("B", "a", "a file");
    plant("B", "b", "a file");
    run_only("a/x");
    ck_assert_str_eq(out.type, "done");
    ck_assert_int_eq(out.conflicts, 1);
    ck_assert_int_eq(out.copied, 0);
    assert_paths("B", "a b ");
}
END_TEST

START_TEST(what_cannot_be_read_on_the_way_is_told)
{
    if (!sandbox_drop_root(lib.folder))
        return;
    plant("A", "a/x/f", "1");
    plant("A", "b/x/f", "1");
    plant("B", "b/x/f", "1");
    free(sandbox_run(IN "chmod 0 a", lib.folder, "A"));
    copying.mirror = true;
    run_only("b/x");
    ck_assert_int_eq(out.failed, 0);
    copying.mirror = true;
    run_only("*/x");
    ck_assert_int_eq(out.failed, 1);
    free(sandbox_run(IN "chmod 700 a", lib.folder, "A"));
}
END_TEST

Suite *suite_copy_only(void)
{
    Suite *suite = suite_create("copy_only");
    TCase *patterns = tcase_create("patterns"), *copies = tcase_create("copies");

    tcase_add_loop_test(patterns, a_pattern_covers, 0, sizeof cases / sizeof *cases);
    tcase_add_test(patterns, what_leads_elsewhere_is_refused);
    tcase_add_test(patterns, a_path_that_is_spelled_like_a_pattern_is_that_path);
    suite_add_tcase(suite, patterns);
    tcase_add_checked_fixture(copies, set_up, copying_close);
    tcase_add_test(copies, nothing_else_is_copied_or_made);
    tcase_add_test(copies, folders_on_the_way_stay_as_they_are);
    tcase_add_test(copies, a_mirror_removes_what_it_is_about);
    tcase_add_loop_test(copies, further_names_are_linked_to_what_is_in_place, 0, 3);
    tcase_add_test(copies, what_differs_there_is_nothing_to_link_to);
    tcase_add_test(copies, what_is_in_the_way_is_told);
    tcase_add_test(copies, what_cannot_be_read_on_the_way_is_told);
    suite_add_tcase(suite, copies);
    return suite;
}
