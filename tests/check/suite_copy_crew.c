/*
 * crew: a batch's items on several threads.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "copy/crew.h"
#include "copying.h"
#include "sandbox.h"
#include "suites.h"

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

Suite *suite_copy_crew(void)
{
    Suite *suite = suite_create("crew");
    TCase *c = tcase_create("crew");

    tcase_add_checked_fixture(c, copying_open, copying_close);
    tcase_add_test(c, hundreds_of_files);
    tcase_add_test(c, a_crew_takes_every_item_once);
    suite_add_tcase(suite, c);
    return suite;
}
