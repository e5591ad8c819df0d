/*
 * crew: a batch's items on several threads, and names that are given by several at the same time.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "copy/crew.h"
#include "copy/place.h"
#include "copying.h"
#include "faults.h"
#include "sandbox.h"
#include "suites.h"

#define THREADS 3
#define ITEMS 90
#define RUN 5    /* items of one directory that follow each other: of three in turn */

static struct twin twins[3];
static struct item items[ITEMS];
static atomic_int taken[ITEMS], runs, mixed;
static pthread_barrier_t all_there;
static size_t most;

static void take_all(struct crew *crew, void *arg)
{
    struct item *item, *end;

    (void)arg;
    pthread_barrier_wait(&all_there);    /* with fewer threads than asked for it would hang here */
    while ((item = crew_take(crew, most, &end))) {
        const struct twin *twin = item->twin;
        atomic_fetch_add(&runs, 1);
        for (; item != end; item = item->next) {
            atomic_fetch_add(&taken[item - items], 1);
            atomic_fetch_add(&mixed, item->twin != twin);
        }
    }
}

START_TEST(every_item_is_taken_once)
{
    struct items batch;

    most = _i ? 1 : SIZE_MAX;
    items_init(&batch);
    for (int i = 0; i < ITEMS; i++) {
        items[i].twin = &twins[i / RUN % 3];
        items_add(&batch, &items[i]);
    }
    pthread_barrier_init(&all_there, NULL, THREADS);
    crew_run(&batch, THREADS, take_all, NULL);
    for (int i = 0; i < ITEMS; i++)
        ck_assert_int_eq(atomic_load(&taken[i]), 1);
    ck_assert_int_eq(atomic_load(&mixed), 0);
    ck_assert_int_eq(atomic_load(&runs), _i ? ITEMS : ITEMS / RUN);
    pthread_barrier_destroy(&all_there);
}
END_TEST

START_TEST(few_items_are_one_threads)
{
    ck_assert_int_eq(crew_size(0), 1);
    ck_assert_int_eq(crew_size(100), 1);
    ck_assert_int_eq(crew_size(100000) > 1, sysconf(_SC_NPROCESSORS_ONLN) > 1);
}
END_TEST

/* So many that several threads name them; a digest of each is known afterwards. */
START_TEST(hundreds_of_files)
{
    free(sandbox_run("mkdir -p '%s'/A/" P " && cd '%s'/A/" P " && for d in $(seq 20); do mkdir d$d; (cd d$d; "
                     "seq 30 | xargs touch); done; echo x >d7/15", lib.folder, lib.folder));
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.copied, 600);
    ck_assert_int_eq(out.recorded, 600);
    copying_is_same();
}
END_TEST

/* What is moved away makes room for a new name. */
START_TEST(old_names_go_before_new_ones_come)
{
    sandbox_text(lib.folder, "A/" P "/file.txt", "new");
    sandbox_text(lib.folder, "B/" P "/File.txt", "old");
    faults.caseless = true;
    copying.mirror = true;
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.conflicts, 0);
    copying_is_same();
}
END_TEST

/* ---- one name for two files ---- */

struct racer {
    int dir, code;
    const char *temp;
};

static void *race(void *arg)
{
    struct racer *r = arg;

    pthread_barrier_wait(&all_there);
    r->code = place_new(r->dir, r->temp, r->dir, "name");
    return NULL;
}

START_TEST(a_name_is_given_once)
{
    int dir = open(lib.folder, O_RDONLY | O_DIRECTORY);
    struct racer racers[2] = {{.dir = dir, .temp = "one"}, {.dir = dir, .temp = "two"}};
    pthread_t threads[2];

    faults.no_way_to_place = _i == 1;
    pthread_barrier_init(&all_there, NULL, 2);
    for (int round = 0; round < 2000; round++) {
        for (int i = 0; i < 2; i++) {
            close(openat(dir, racers[i].temp, O_WRONLY | O_CREAT, 0600));
            pthread_create(&threads[i], NULL, race, &racers[i]);
        }
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        ck_assert_int_eq(racers[0].code + racers[1].code, -EEXIST);
        unlinkat(dir, "name", 0);
    }
    pthread_barrier_destroy(&all_there);
    close(dir);
}
END_TEST

Suite *suite_copy_crew(void)
{
    Suite *suite = suite_create("crew");
    TCase *c = tcase_create("crew");

    tcase_add_checked_fixture(c, copying_open, copying_close);
    tcase_add_loop_test(c, every_item_is_taken_once, 0, 2);
    tcase_add_test(c, few_items_are_one_threads);
    tcase_add_test(c, hundreds_of_files);
    tcase_add_test(c, old_names_go_before_new_ones_come);
    tcase_add_loop_test(c, a_name_is_given_once, 0, 2);
    suite_add_tcase(suite, c);
    return suite;
}
