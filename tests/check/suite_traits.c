/* Times of two filesystems set against each other, what a trial finds, and what it leaves. */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy/sweep.h"
#include "copy/trial.h"
#include "index/measured.h"
#include "library.h"
#include "sandbox.h"
#include "suites.h"

#define SEC 1000000000LL
#define Y1980 (315532800 * SEC)
#define AT(second) ((946684800 + (second)) * SEC)    /* of 2000 */
#define Y2107 (4354819199 * SEC)

static struct traits_pair pair;

static void set_up(void) { pair = (struct traits_pair){0}; }

static enum times times(int64_t left, int64_t right) { return traits_compare(&pair, left, right); }

START_TEST(zeroed_they_are_exact)
{
    ck_assert_int_eq(times(5, 5), TIMES_AGREE);
    ck_assert_int_eq(times(5, 6), TIMES_DIFFER);
    ck_assert_int_eq(times(INT64_MIN, INT64_MAX), TIMES_DIFFER);
}
END_TEST

START_TEST(the_coarser_side_decides)
{
    pair.left.granularity = 100, pair.right.granularity = 2 * SEC;
    ck_assert_int_eq(times(0, 2 * SEC - 1), TIMES_AGREE);
    ck_assert_int_eq(times(0, 2 * SEC), TIMES_DIFFER);
    pair.right.granularity = 1;
    ck_assert_int_eq(times(0, 99), TIMES_AGREE);
    ck_assert_int_eq(times(0, 100), TIMES_DIFFER);
}
END_TEST

/* What one side cannot store is the same as what it stored instead, and as nothing else. */
START_TEST(what_is_stored_of_a_time_agrees)
{
    pair.right = (struct traits){.granularity = SEC, .has_oldest = true, .oldest = Y1980, .has_newest = true, .newest = Y2107};
    ck_assert_int_eq(times(-5, Y1980), TIMES_AGREE);
    ck_assert_int_eq(times(-5, Y1980 + SEC), TIMES_DIFFER);
    ck_assert_int_eq(times(INT64_MAX, Y2107), TIMES_AGREE);
    ck_assert_int_eq(times(INT64_MAX, Y2107 - SEC), TIMES_DIFFER);
    ck_assert_int_eq(times(Y2107 - 5 * SEC, Y2107), TIMES_DIFFER);
    ck_assert_int_eq(times(Y1980, -5), TIMES_DIFFER);    /* that side can say so, and does not */
    struct traits left = pair.left;
    pair.left = pair.right, pair.right = left;
    ck_assert_int_eq(times(Y1980, -5), TIMES_AGREE);
}
END_TEST

START_TEST(dropped_times_say_nothing)
{
    pair.left.drops_times = true;
    ck_assert_int_eq(times(5, 6), TIMES_UNKNOWN);
    ck_assert_int_eq(times(6, 6), TIMES_AGREE);
    pair.left.drops_times = false, pair.left.drops_link_times = true;
    ck_assert_int_eq(times(5, 6), TIMES_DIFFER);
    ck_assert_int_eq(traits_compare_links(&pair, 5, 6), TIMES_UNKNOWN);
}
END_TEST

START_TEST(a_window_and_early_times)
{
    pair.window = 3600 * SEC;
    ck_assert_int_eq(times(0, 3600 * SEC), TIMES_AGREE);
    ck_assert_int_eq(times(0, 3600 * SEC + 1), TIMES_DIFFER);
    pair.window = 0, pair.right.early = SEC;
    ck_assert_int_eq(times(-5, -6), TIMES_AGREE);
    ck_assert_int_eq(times(5, 6), TIMES_DIFFER);
    ck_assert(traits_hold(&pair.right, -SEC / 2, 0));
}
END_TEST

/* A format that has whole seconds stored nothing else; a time with a fraction is of a finer one of that name. */
START_TEST(what_was_never_measured_is_shown_by_the_times)
{
    pair.right = (struct traits){.source = TRAITS_BY_TYPE, .granularity = SEC};
    ck_assert_int_eq(times(AT(7) + 5, AT(7)), TIMES_AGREE);
    ck_assert_int_eq(times(AT(7), AT(7) + 5), TIMES_DIFFER);
    ck_assert_int_eq(times(AT(7) + 123456789, AT(7) + 123456000), TIMES_AGREE);
    ck_assert_int_eq(times(AT(7) + 123456789, AT(7) + 123455000), TIMES_DIFFER);
    ck_assert_int_eq(times(AT(9), AT(8)), TIMES_DIFFER);
    pair.right.granularity = 10000000;
    ck_assert_int_eq(times(AT(7) + 123456789, AT(7) + 120000000), TIMES_AGREE);
    ck_assert_int_eq(times(AT(7) + 123456789, AT(7)), TIMES_UNKNOWN);    /* an exFAT disk that FUSE wrote */
    ck_assert_int_eq(times(AT(7) + 123456789, AT(7) + 110000000), TIMES_DIFFER);
    pair.right = (struct traits){.source = TRAITS_UNKNOWN, .granularity = SEC};
    ck_assert_int_eq(times(AT(7), AT(7)), TIMES_AGREE);
    ck_assert_int_eq(times(AT(7) + 5, AT(7)), TIMES_UNKNOWN);
    ck_assert_int_eq(times(AT(8), AT(7)), TIMES_DIFFER);
    ck_assert_int_eq(times(AT(9), AT(8)), TIMES_UNKNOWN);    /* as FAT would have it */
    ck_assert_int_eq(times(AT(10), AT(8)), TIMES_DIFFER);
    ck_assert_int_eq(times(AT(7), AT(7) + 5), TIMES_DIFFER);
    ck_assert_int_eq(times(2500000000 * SEC, 2147483647 * SEC), TIMES_UNKNOWN);    /* its end? */
    ck_assert_int_eq(times(2147483640 * SEC, 2147483647 * SEC), TIMES_DIFFER);
    pair.left.granularity = SEC;
    ck_assert_int_eq(times(AT(7), AT(7) + 5), TIMES_AGREE);    /* the other side is known to be coarse */
    pair.left.granularity = 1, pair.window = SEC;
    ck_assert_int_eq(times(AT(8), AT(7)), TIMES_AGREE);
}
END_TEST

START_TEST(a_time_is_set_as_it_can_be_stored)
{
    const struct traits t = {.has_oldest = true, .oldest = Y1980, .has_newest = true, .newest = Y2107};
    struct timespec time = traits_clamp(&t, (struct timespec){.tv_sec = -3, .tv_nsec = 7});

    ck_assert_int_eq(time.tv_sec, Y1980 / SEC);
    ck_assert_int_eq(time.tv_nsec, 0);
    time = traits_clamp(&t, (struct timespec){.tv_sec = 10413792000, .tv_nsec = 7});
    ck_assert_int_eq(time.tv_sec, Y2107 / SEC);
    time = traits_clamp(&t, (struct timespec){.tv_sec = 1000000000, .tv_nsec = 7});
    ck_assert_int_eq(time.tv_sec, 1000000000);
    ck_assert_int_eq(time.tv_nsec, 7);
    time = traits_clamp(&(struct traits){0}, (struct timespec){.tv_sec = 10413792000, .tv_nsec = 7});
    ck_assert_int_eq(time.tv_sec, 10413792000);
}
END_TEST

/* ---- a trial ---- */

static struct library lib;

static void open_library(void) { library_open(&lib); }
static void close_library(void) { library_close(&lib); }

static int open_folder(const char *name)
{
    char path[400];

    snprintf(path, sizeof path, "%s/%s", lib.folder, name);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Beside what the system itself says of this filesystem. */
START_TEST(a_trial_finds_what_is_there)
{
    struct measured m;
    struct stat st;
    int dir = open_folder("A/.autobackup");

    ck_assert_int_eq(trial_run(dir, &m), 0);
    free(sandbox_run("cd '%s/A' && touch -d @1000000000.123456789 f && ln f g && ln -s f l", lib.folder));
    ck_assert_int_eq(fstatat(dir, "../f", &st, 0), 0);
    ck_assert_int_eq(m.traits.granularity == 1, st.st_mtim.tv_nsec == 123456789);
    ck_assert(!m.traits.drops_times);
    free(sandbox_run("cd '%s/A' && touch -d @-3000000000 f", lib.folder));
    ck_assert_int_eq(fstatat(dir, "../f", &st, 0), 0);
    ck_assert_int_eq(m.traits.has_oldest, st.st_mtim.tv_sec != -3000000000);
    if (m.traits.has_oldest)
        ck_assert_int_eq(m.traits.oldest, st.st_mtim.tv_sec * SEC);
    ck_assert_int_eq(m.kept[TRAIT_LINKS], 1);
    ck_assert_int_eq(m.kept[TRAIT_SYMLINKS], 1);
    ck_assert_int_eq(m.kept[TRAIT_MODE], 1);
    ck_assert_int_eq(m.kept[TRAIT_CTIME], 1);
    ck_assert_int_eq(m.kept[TRAIT_OWNER], geteuid() == 0 ? 1 : -1);
    ck_assert_int_eq(m.kept[TRAIT_FOLDS_CASE], 0);
    close(dir);
}
END_TEST

START_TEST(a_trial_leaves_nothing)
{
    struct measured m;
    int dir = open_folder("A/.autobackup");
    char *before = sandbox_run("cd '%s/A' && find . | sort", lib.folder);

    ck_assert_int_eq(trial_run(dir, &m), 0);
    char *after = sandbox_run("cd '%s/A' && find . | sort", lib.folder);
    ck_assert_str_eq(after, before);
    close(dir);
    free(before), free(after);
}
END_TEST

START_TEST(what_a_killed_trial_left_is_swept)
{
    struct swept swept;
    int root = open_folder("A");
    char *before = sandbox_run("cd '%s/A' && find . | sort", lib.folder);

    free(sandbox_run("cd '%s/A/.autobackup' && mkdir .autobackup-0123456789abcdef .autobackup-mine && "
                     "cd .autobackup-0123456789abcdef && touch times hole fold && ln -s times symlink", lib.folder));
    ck_assert_int_eq(sweep_dead(root, NULL, NULL, &swept), 0);
    swept_free(&swept);
    char *after = sandbox_run("cd '%s/A' && rmdir .autobackup/.autobackup-mine && find . | sort", lib.folder);
    ck_assert_str_eq(after, before);
    close(root);
    free(before), free(after);
}
END_TEST

/* ---- in the catalog ---- */

START_TEST(what_was_measured_is_remembered)
{
    struct measured m = {.traits = {.granularity = 100, .has_newest = true, .newest = Y2107, .early = SEC}}, found;

    memset(m.kept, -1, sizeof m.kept);
    m.kept[TRAIT_CTIME] = 0, m.kept[TRAIT_LINKS] = 1;
    ck_assert_int_eq(measured_find(lib.cat, 1, 0, "one", &found, NULL), 0);
    ck_assert_int_eq(measured_keep(lib.cat, 1, 0, "one", &m, NULL), 0);
    ck_assert_int_eq(measured_find(lib.cat, 1, 0, "another", &found, NULL), 0);
    ck_assert_int_eq(measured_find(lib.cat, 1, 0, "one", &found, NULL), 1);
    ck_assert_int_eq(found.traits.granularity, 100);
    ck_assert_int_eq(found.traits.newest, Y2107);
    ck_assert_int_eq(found.traits.early, SEC);
    ck_assert(found.traits.has_newest && !found.traits.has_oldest && !found.traits.drops_times);
    ck_assert_int_eq(memcmp(found.kept, m.kept, sizeof m.kept), 0);
    ck_assert_int_eq(measured_drop(lib.cat, 1, 0, "one", NULL), 0);
    ck_assert_int_eq(measured_find(lib.cat, 1, 0, "one", &found, NULL), 1);
    ck_assert_int_eq(measured_drop(lib.cat, 1, 0, "another", NULL), 0);
    ck_assert_int_eq(measured_find(lib.cat, 1, 0, "one", &found, NULL), 0);
    ck_assert_int_eq(measured_keep(lib.cat, 99, 0, "one", &m, NULL), 0);    /* forgotten meanwhile */
}
END_TEST

/* Until a load meets another filesystem there. */
START_TEST(a_load_of_another_filesystem_forgets_it)
{
    struct measured m = {.traits = {.granularity = 5}};
    char name[FILESYSTEM_NAME];
    int root = open_folder("A");

    ck_assert_int_eq(filesystem_name(root, name), 0);
    close(root);
    ck_assert_int_eq(measured_keep(lib.cat, 1, 0, name, &m, NULL), 0);
    library_load(&lib, 1, 1);
    ck_assert_int_eq(library_number(&lib, "SELECT granularity FROM kept_times WHERE database = 1 AND category = 0"), 5);
    ck_assert_int_eq(measured_keep(lib.cat, 1, 0, "another disk", &m, NULL), 0);
    library_load(&lib, 1, 1);
    ck_assert_int_eq(library_number(&lib, "SELECT granularity FROM kept_times WHERE database = 1 AND category = 0"), 1);
}
END_TEST

Suite *suite_traits(void)
{
    Suite *s = suite_create("traits");
    TCase *pure = tcase_create("pure"), *trial = tcase_create("trial");

    tcase_add_checked_fixture(pure, set_up, NULL);
    tcase_add_test(pure, zeroed_they_are_exact);
    tcase_add_test(pure, the_coarser_side_decides);
    tcase_add_test(pure, what_is_stored_of_a_time_agrees);
    tcase_add_test(pure, dropped_times_say_nothing);
    tcase_add_test(pure, a_window_and_early_times);
    tcase_add_test(pure, what_was_never_measured_is_shown_by_the_times);
    tcase_add_test(pure, a_time_is_set_as_it_can_be_stored);
    suite_add_tcase(s, pure);
    tcase_add_checked_fixture(trial, open_library, close_library);
    tcase_add_test(trial, a_trial_finds_what_is_there);
    tcase_add_test(trial, a_trial_leaves_nothing);
    tcase_add_test(trial, what_a_killed_trial_left_is_swept);
    tcase_add_test(trial, what_was_measured_is_remembered);
    tcase_add_test(trial, a_load_of_another_filesystem_forgets_it);
    suite_add_tcase(s, trial);
    return s;
}
