#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/job.h"
#include "suites.h"

#define FOREVER (-1)
#define UNREAD 4096    /* events that may lie unread */

static struct job *start(job_main *run, void *arg)
{
    struct job *job = NULL;

    ck_assert_int_eq(job_start(run, arg, NULL, &job, NULL), 0);
    return job;
}

/* Wait for an event of this type and free it; returns its first field. */
static int64_t take(struct job *job, const char *type)
{
    struct event *ev = NULL;

    ck_assert_int_eq(job_next(job, FOREVER, &ev), 1);
    ck_assert_str_eq(ev->type, type);
    int64_t value = ev->count ? ev->fields[0].integer : 0;
    event_free(ev);
    return value;
}

static void take_end(struct job *job)
{
    struct event *ev = NULL;
    ck_assert_int_eq(job_next(job, FOREVER, &ev), -EPIPE);
}

static atomic_int emitting;    /* the number of the event that a job hands over now, counted from 1 */

static void wait_until_emitting(int number)
{
    while (atomic_load(&emitting) < number)
        sched_yield();
}

static void emit_numbers(struct job *job, void *arg)
{
    for (int64_t i = 0; i < *(int *)arg; i++) {
        atomic_store(&emitting, (int)i + 1);
        struct event *ev = event_new("number");
        event_int(ev, "value", i);
        job_emit(job, ev);
    }
}

START_TEST(events_come_in_order_and_end)
{
    int count = 100;
    struct job *job = start(emit_numbers, &count);

    for (int64_t i = 0; i < count; i++)
        ck_assert_int_eq(take(job, "number"), i);
    take_end(job);
    take_end(job);
    job_close(job);
}
END_TEST

static void emit_all_kinds(struct job *job, void *arg)
{
    struct error err = {0};
    struct event *ev = event_new("kinds");

    (void)arg;
    event_bool(ev, "flag", true);
    event_num(ev, "ratio", 0.5);
    event_str(ev, "name", "a\0b", 3);
    error_set(&err, ENOSPC, "%s", "/disk");
    event_error(ev, &err);
    error_clear(&err);
    job_emit(job, ev);
}

START_TEST(fields_keep_their_kind)
{
    struct job *job = start(emit_all_kinds, NULL);
    struct event *ev = NULL;

    ck_assert_int_eq(job_next(job, FOREVER, &ev), 1);
    ck_assert_uint_eq(ev->count, 5);
    ck_assert(ev->fields[0].kind == FIELD_BOOL && ev->fields[0].integer == 1);
    ck_assert(ev->fields[1].kind == FIELD_NUM && ev->fields[1].number > 0.4);
    ck_assert_uint_eq(ev->fields[2].len, 3);
    ck_assert_mem_eq(ev->fields[2].text, "a\0b", 4);
    ck_assert_str_eq(ev->fields[3].text, "ENOSPC");
    ck_assert_str_eq(ev->fields[4].text, "ENOSPC: No space left on device: /disk");
    event_free(ev);
    job_close(job);
}
END_TEST

/* More than may lie unread: the job has to wait for its reader, and nothing is lost. */
START_TEST(a_slow_reader_gets_everything)
{
    int count = 10000;
    struct job *job = start(emit_numbers, &count);

    wait_until_emitting(UNREAD + 1);
    for (int64_t i = 0; i < count; i++)
        ck_assert_int_eq(take(job, "number"), i);
    take_end(job);
    job_close(job);
}
END_TEST

START_TEST(closing_a_full_job_does_not_hang)
{
    int count = 100000;
    struct job *job = start(emit_numbers, &count);

    wait_until_emitting(UNREAD + 1);
    job_close(job);
}
END_TEST

static void until_cancelled(struct job *job, void *arg)
{
    (void)arg;
    while (!job_cancelled(job))
        sched_yield();
    job_emit(job, event_new("done"));
}

START_TEST(timeout_and_cancel)
{
    struct job *job = start(until_cancelled, NULL);
    struct event *ev = NULL;
    int64_t before = clock_monotonic();

    ck_assert_int_eq(job_next(job, 0, &ev), 0);
    ck_assert_int_eq(job_next(job, 20 * NSEC_PER_MSEC, &ev), 0);
    ck_assert(clock_monotonic() - before >= 20 * NSEC_PER_MSEC);
    job_cancel(job);
    ck_assert(*job_cancel_flag(job));
    take(job, "done");
    take_end(job);
    job_close(job);
}
END_TEST

static void emit_progress(struct job *job, void *arg)
{
    (void)arg;
    for (int64_t i = 1; i <= 1000; i++) {
        struct event *ev = event_new("progress");
        event_int(ev, "files", i);
        job_progress(job, ev);
        atomic_store(&emitting, (int)i);
    }
    job_emit(job, event_new("done"));
}

START_TEST(only_the_newest_progress_counts)
{
    struct job *job = start(emit_progress, NULL);
    struct event *ev = NULL;
    int seen = 0, code;
    int64_t newest = 0;

    wait_until_emitting(1000);
    while ((code = job_next(job, FOREVER, &ev)) == 1) {
        if (strcmp(ev->type, "progress") == 0) {
            ck_assert_int_gt(ev->fields[0].integer, newest);
            newest = ev->fields[0].integer;
            seen++;
        }
        event_free(ev);
    }
    ck_assert_int_eq(code, -EPIPE);
    ck_assert_int_eq(seen, 1);
    ck_assert_int_eq(newest, 1000);
    job_close(job);
}
END_TEST

struct ration {
    bool early;       /* right behind the first */
    int64_t until;    /* ns from the first until it was so no more */
};

static void is_early(struct job *job, void *arg)
{
    struct ration *ration = arg;
    int64_t before = clock_monotonic();

    job_progress(job, event_new("progress"));
    ration->early = job_progress_early(job);
    while (job_progress_early(job))
        sched_yield();
    ration->until = clock_monotonic() - before;
}

START_TEST(progress_is_rationed)
{
    struct ration ration = {0};
    struct job *job = start(is_early, &ration);

    take(job, "progress");
    take_end(job);
    ck_assert(ration.early);
    ck_assert_int_ge(ration.until, 100 * NSEC_PER_MSEC);
    job_close(job);
}
END_TEST

static void count_free(void *arg) { ++*(int *)arg; }
static void nothing(struct job *job, void *arg) { (void)job, (void)arg; }

static void emit_when_told(struct job *job, void *arg)
{
    while (!atomic_load((atomic_bool *)arg) && !job_cancelled(job))
        sched_yield();
    job_emit(job, event_new("told"));
}

/* One of several that says something, or ends, is heard wherever it stands; silent ones are waited for in vain. */
START_TEST(of_several_the_one_that_speaks_is_heard)
{
    for (int at = 0; at < 3; at++) {
        atomic_bool told = false;
        struct job *jobs[3];
        for (int i = 0; i < 3; i++)
            jobs[i] = i == at ? start(emit_when_told, &told) : start(until_cancelled, NULL);
        ck_assert(!job_wait_any(jobs, 3, NSEC_PER_MSEC));
        atomic_store(&told, true);
        ck_assert(job_wait_any(jobs, 3, FOREVER));
        take(jobs[at], "told");
        ck_assert(job_wait_any(jobs, 3, FOREVER));    /* its end */
        take_end(jobs[at]);
        for (int i = 0; i < 3; i++)
            job_close(jobs[i]);
    }
}
END_TEST

START_TEST(argument_is_freed_once)
{
    struct job *job = NULL;
    int freed = 0;

    ck_assert_int_eq(job_start(nothing, &freed, count_free, &job, NULL), 0);
    take_end(job);
    ck_assert_int_eq(freed, 0);
    job_close(job);
    ck_assert_int_eq(freed, 1);
    job_close(NULL);
}
END_TEST

Suite *suite_job(void)
{
    Suite *suite = suite_create("job");
    TCase *tests = tcase_create("job");

    tcase_add_test(tests, events_come_in_order_and_end);
    tcase_add_test(tests, fields_keep_their_kind);
    tcase_add_test(tests, a_slow_reader_gets_everything);
    tcase_add_test(tests, closing_a_full_job_does_not_hang);
    tcase_add_test(tests, timeout_and_cancel);
    tcase_add_test(tests, only_the_newest_progress_counts);
    tcase_add_test(tests, progress_is_rationed);
    tcase_add_test(tests, of_several_the_one_that_speaks_is_heard);
    tcase_add_test(tests, argument_is_freed_once);
    suite_add_tcase(suite, tests);
    return suite;
}
