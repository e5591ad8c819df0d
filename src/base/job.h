/*
 * A long job: one engine thread that emits events, which its owner pulls one at a time.
 * The owner (the Lua side) is the only one to call job_next, job_cancel and job_close.
 */
#ifndef AUTOBACKUP_BASE_JOB_H
#define AUTOBACKUP_BASE_JOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum field_kind { FIELD_INT, FIELD_NUM, FIELD_BOOL, FIELD_STR };

struct event_field {
    const char *key;          /* static */
    enum field_kind kind;
    int64_t integer;          /* FIELD_INT, FIELD_BOOL */
    double number;            /* FIELD_NUM */
    char *text;               /* FIELD_STR: owned, `len` bytes and a NUL */
    size_t len;
};

/* A flat record with a type: what happened, for whoever pulls. */
struct event {
    const char *type;         /* static */
    struct event_field *fields;
    size_t count;
    struct event *next;
};

/* Make an event. type and keys are static strings; text is copied. */
struct event *event_new(const char *type);
void event_int(struct event *ev, const char *key, int64_t value);
void event_num(struct event *ev, const char *key, double value);
void event_bool(struct event *ev, const char *key, bool value);
void event_str(struct event *ev, const char *key, const char *text, size_t len);
void event_error(struct event *ev, const struct error *err);    /* keys "code" and "message" */
void event_free(struct event *ev);

struct job;

/* The body of a job: runs on the job's own thread. What it returns ends the stream of events. */
typedef void job_main(struct job *job, void *arg);

/*
 * Start a job. free_arg (may be NULL) frees arg when the job is closed. On failure to start a thread
 * arg is freed too and -errno is returned.
 */
int job_start(job_main *run, void *arg, void (*free_arg)(void *), struct job **ret_job, struct error *err);

/* For the job's threads: hand an event over. Waits while 4096 are unread, unless cancelled. Takes ev. */
void job_emit(struct job *job, struct event *ev);

/* The same for a state that only its newest matters of ("progress"): replaces an unread one. Never waits. */
void job_progress(struct job *job, struct event *ev);

/* True when less than 100 ms have passed since the last job_progress: do not make another event yet. */
bool job_progress_early(struct job *job);

bool job_cancelled(struct job *job);

/* The flag behind job_cancelled, for code that knows nothing of jobs. Valid until job_close. */
const atomic_bool *job_cancel_flag(struct job *job);

/*
 * For the owner: the next event. timeout: nanoseconds, negative waits for ever.
 * Returns 1 with *ret_event (the caller frees it), 0 on timeout, -EPIPE when the job ended and all is read.
 */
int job_next(struct job *job, int64_t timeout, struct event **ret_event);

/*
 * For an owner of several: wait until one of them has an event or has ended. timeout as of job_next. True when one has,
 * at once if it has already; false on timeout.
 */
bool job_wait_any(struct job *const *jobs, size_t count, int64_t timeout);

void job_cancel(struct job *job);    /* ask it to stop; events still come */
void job_close(struct job *job);     /* cancel, wait for its thread, free everything; NULL is fine */

#endif
