/*
 * Temps with and without names: what is left of them, what bounds them, and that a batch is named by several threads.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "copy/crew.h"
#include "copy/nameless.h"
#include "copying.h"
#include "faults.h"
#include "sandbox.h"
#include "suites.h"

#define EXT4 0xef53u

/* The sandbox counts as ext4, whatever it lies on. False, with sandbox_skip, where files cannot be without a name. */
static bool as_ext4(void)
{
    int dir = open(lib.folder, O_RDONLY | O_DIRECTORY);
    bool can = nameless_probe(dir);

    close(dir);
    faults.below = "/";
    faults.type = EXT4;
    if (!can)
        sandbox_skip("no files without a name here");
    return can;
}

static int count(const char *pattern)
{
    char *text = sandbox_run("find '%s'/B/" P " -name '%s' -type f | wc -l", lib.folder, pattern);
    int n = atoi(text);

    free(text);
    return n;
}

/* Dies when so many names were given. */
static void run_until(int name)
{
    int status;
    pid_t child = fork();

    if (!child) {
        faults.deadly_name = name;
        copying_finish(copying_start());
        _exit(1);
    }
    operations++;
    waitpid(child, &status, 0);
    ck_assert(WIFSIGNALED(status));
}

START_TEST(nothing_is_left_of_those_without_names)
{
    if (!as_ext4())
        return;
    faults.named = _i == 1;
    copying_plant();
    copying_load();
    run_until(50);
    ck_assert_int_eq(count(".autobackup-*") > 0, faults.named);
    copying_run();
    copying_is_done();
    copying_is_same();
}
END_TEST

START_TEST(more_than_there_are_descriptors)
{
    struct rlimit few = {.rlim_cur = 1000, .rlim_max = 4096 + 20};

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    if (!as_ext4())
        return;
    ck_assert_int_eq(descriptors_raise(), 4096 + 20);
    copying_plant();
    copying_load();
    run_until(50);
    ck_assert_int_gt(count(".autobackup-*"), 100);
    ck_assert_int_le(count(".autobackup-*"), 203 - 20);
    copying_run();
    copying_is_done();
    copying_is_same();
}
END_TEST

static void name_one(void)
{
    int dir = open(lib.folder, O_RDONLY | O_DIRECTORY);
    int fd = nameless_create(dir, 0640);
    struct stat st;

    if (fd < 0) {
        sandbox_skip("no files without a name here");
        return;
    }
    ck_assert_int_eq(write(fd, "abc", 3), 3);
    sandbox_text(lib.folder, "taken", "old");
    ck_assert_int_eq(nameless_place(fd, dir, "taken"), -EEXIST);
    ck_assert_int_eq(nameless_place(fd, dir, "free"), 0);
    nameless_close(&fd);
    ck_assert_int_eq(fd, -1);
    nameless_close(&fd);
    ck_assert_int_eq(fstatat(dir, "free", &st, AT_SYMLINK_NOFOLLOW), 0);
    ck_assert_int_eq(st.st_nlink, 1);
    free(sandbox_run("cd '%s' && test $(cat free) = abc && test $(cat taken) = old", lib.folder));
    close(dir);
}

/* Before Linux 6.10 only root may link what it has open; others go by /proc. */
START_TEST(a_nameless_file_gets_its_name_once)
{
    faults.old_linkat = _i == 1;
    name_one();
}
END_TEST

START_TEST(an_ordinary_user_names_them_too)
{
    faults.old_linkat = _i == 1;
    if (sandbox_drop_root(lib.folder))
        name_one();
}
END_TEST

/* So many that several threads name them; a digest of each is known afterwards. */
START_TEST(hundreds_of_files)
{
    faults.named = _i == 1;
    faults.below = "/";
    faults.type = EXT4;
    free(sandbox_run("mkdir -p '%s'/A/" P " && cd '%s'/A/" P " && for d in $(seq 20); do mkdir d$d; (cd d$d; "
                     "seq 30 | xargs touch); done; echo x >d7/15", lib.folder, lib.folder));
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.copied, 600);
    ck_assert_int_eq(out.recorded, 600);
    copying_is_same();
}
END_TEST

/* ---- the crew ---- */

struct walked {
    atomic_int seen, runs;
    size_t most;
};

static void tell(struct crew *crew, void *arg)
{
    struct walked *t = arg;
    struct item *item, *end;

    while ((item = crew_take(crew, t->most, &end))) {
        atomic_fetch_add(&t->runs, 1);
        for (; item != end; item = item->next)
            atomic_fetch_add(&t->seen, 1);
    }
}

START_TEST(a_crew_takes_every_item_once)
{
    struct twin twins[3] = {0};
    struct item items[90] = {0};
    struct items batch;
    struct walked whole = {.most = SIZE_MAX}, single = {.most = 1};

    items_init(&batch);
    for (int i = 0; i < 90; i++) {
        items[i].twin = &twins[i / 30];
        items[i].nameless = -1;
        items_add(&batch, &items[i]);
    }
    crew_run(&batch, 3, tell, &whole);
    ck_assert_int_eq(atomic_load(&whole.seen), 90);
    ck_assert_int_eq(atomic_load(&whole.runs), 3);
    crew_run(&batch, 3, tell, &single);
    ck_assert_int_eq(atomic_load(&single.seen), 90);
    ck_assert_int_eq(atomic_load(&single.runs), 90);
    ck_assert_int_eq(crew_size(1), 1);
}
END_TEST

Suite *suite_copy_temps(void)
{
    Suite *suite = suite_create("temps");
    TCase *c = tcase_create("temps");

    tcase_add_checked_fixture(c, copying_open, copying_close);
    tcase_add_loop_test(c, nothing_is_left_of_those_without_names, 0, 2);
    tcase_add_test(c, more_than_there_are_descriptors);
    tcase_add_loop_test(c, a_nameless_file_gets_its_name_once, 0, 2);
    tcase_add_loop_test(c, an_ordinary_user_names_them_too, 0, 2);
    tcase_add_loop_test(c, hundreds_of_files, 0, 2);
    tcase_add_test(c, a_crew_takes_every_item_once);
    suite_add_tcase(suite, c);
    return suite;
}
