#include "verify/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/spelling.h"
#include "index/apart.h"
#include "index/catalog.h"
#include "index/identity.h"
#include "index/measured.h"
#include "verify/accept.h"
#include "verify/doubt.h"
#include "verify/feed.h"
#include "verify/readers.h"

/* One verification, while it runs. */
struct verify {
    struct verify_request request;
    struct job *job;
    struct catalog *cat;
    int root;
    struct choice choice;
    struct only *only;           /* NULL: all */
    struct desk desk;
    struct reading reading;
    struct findings findings;
    int64_t started_at;          /* monotonic */
    bool journaled;              /* the operation stands in the journal as running */
};

bool verify_accepts(const struct verify_request *request) { return request->operation && *request->operation; }

void verify_request_clear(struct verify_request *request)
{
    for (size_t i = 0; i < request->peer_count; i++)
        free(request->peers[i].name);
    free(request->peers);
    free(request->catalog);
    free(request->root);
    free(request->identity);
    free(request->path);
    free(request->operation);
    free(request->project);
    free(request->category);
    free(request->database);
    for (size_t i = 0; i < request->only_count; i++)
        free(request->only[i]);
    free(request->only);
    *request = (struct verify_request){0};
}

static void free_verify(void *arg)
{
    struct verify *v = arg;

    verify_request_clear(&v->request);
    free(v);
}

/* ---- start and end ---- */

static void init(struct verify *v, struct job *job)
{
    v->job = job;
    v->root = v->reading.top = -1;
    v->started_at = clock_monotonic();
    desk_init(&v->desk);
    v->reading.job = job;
    v->reading.replica = v->request.path;
    v->reading.cached = v->request.cached;
    v->reading.desk = &v->desk;
}

static int open_disk(struct verify *v, struct error *err)
{
    const struct verify_request *r = &v->request;
    struct reading *s = &v->reading;
    struct stat st;

    v->root = identity_open(r->root, r->identity, err);
    if (v->root < 0)
        return v->root;
    int code = apart_check(v->cat, r->identity, v->root, r->root, r->path, err);
    if (code)
        return code;
    s->top = path_open_dir(v->root, r->path);
    if (s->top == -ENOENT || s->top == -ENOTDIR)
        return error_say(err, "EMISSING", ENOENT, "%s/%s is gone since it was loaded; type: load", r->root, r->path);
    if (s->top == -EACCES)
        return error_say(err, "EUNREAD", EACCES, "%s: %s/%s", strerror(EACCES), r->root, r->path);
    if (s->top >= 0 && spelling_check(v->root, r->root, r->path, SPELLING_OF_REPLICA, err))
        return -EEXIST;
    code = s->top < 0 ? s->top : fstat(s->top, &st) < 0 ? -errno : filesystem_of(s->top, &s->fs);
    if (code)
        return error_set(err, -code, "%s/%s", r->root, r->path);
    s->dev = st.st_dev;
    catalog_find_files(r->catalog, &s->catalog);
    return measured_recall(v->cat, r->identity, s->top, &s->fs, err);
}

static int survey_accepted(struct verify *v, int64_t *ret_files, int64_t *ret_bytes, struct error *err)
{
    struct accept_survey survey;

    int code = accept_survey(v->cat, v->request.replica, v->only, &survey, err);
    *ret_files = survey.files;
    *ret_bytes = survey.bytes;
    return code;
}

/* Without regard to when they were verified. */
static int choose_all(struct verify *v, struct error *err)
{
    const struct verify_request *r = &v->request;
    int64_t files = 0, bytes = 0;

    int code = r->only_count ? only_new(r->only, r->only_count, &v->only, err) : 0;
    if (!code && r->against)
        code = doubt_survey(v->cat, r, v->only, &files, &bytes, err);
    else if (!code)
        code = survey_accepted(v, &files, &bytes, err);
    if (code)
        return code;
    v->choice = (struct choice){.before = INT64_MAX, .last_minute = INT64_MAX, .room = INT64_MAX,
                                .due_files = files, .due_bytes = bytes};
    v->reading.files_total = files;
    v->reading.bytes_total = bytes;
    return 0;
}

static int choose(struct verify *v, struct error *err)
{
    struct ages ages;

    if (verify_accepts(&v->request) || v->request.against)
        return choose_all(v, err);
    int code = verified_ages(v->cat, v->request.replica, v->request.before, &ages, err);

    if (!code) {
        choice_make(&v->choice, &ages, v->request.before, v->request.max_bytes);
        v->reading.files_total = v->choice.files;
        v->reading.bytes_total = v->choice.bytes;
    }
    ages_free(&ages);
    return code;
}

static void release(struct verify *v)
{
    findings_free(&v->findings);
    only_free(v->only);
    desk_free(&v->desk);
    catalog_close(v->cat);
    if (v->reading.top >= 0)
        close(v->reading.top);
    if (v->root >= 0)
        close(v->root);
}

/* ---- the job ---- */

static int read_all(struct verify *v, struct error *err)
{
    const struct verify_request *r = &v->request;
    int count = readers_worth(&v->reading, r->jobs);
    struct feed feed = {.choice = &v->choice, .findings = &v->findings, .desk = &v->desk,
                        .only = v->only, .stop = &v->reading.stop, .by_inode = count == 1};
    struct readers *readers;

    int code = readers_start(&v->reading, count, &readers, err);
    if (code)
        return code;
    code = feed_run(&feed, err);
    if (code)
        atomic_store(&v->reading.stop, true);
    readers_join(readers);
    int last = findings_settle(&v->findings, &v->desk, true, code ? NULL : err);
    return code ? code : last;
}

static int run(struct verify *v, struct error *err)
{
    int code = open_disk(v, err);

    if (!code)
        code = choose(v, err);
    if (!code && verify_accepts(&v->request)) {
        code = accept_begin(v->cat, &v->request, err);
        v->journaled = !code;
    }
    if (!code)
        code = read_all(v, err);
    if (!code && !v->request.cached)
        code = verified_settle(v->cat, v->request.replica, err);
    return code;
}

/* Files known as damaged may be read beyond what is due. */
static int64_t rest(int64_t all, int64_t done) { return all > done ? all - done : 0; }

static void emit_end(struct verify *v, bool cancelled, const struct error *err)
{
    const struct findings *f = &v->findings;
    struct event *ev = event_new(err->message ? "failed" : "done");

    if (err->message)
        event_error(ev, err);
    event_int(ev, "files_accepted", f->accepted);
    event_int(ev, "files_renewed", f->renewed);
    event_int(ev, "files_ok", f->ok);
    event_int(ev, "files_damaged", f->damaged);
    event_int(ev, "files_changed", f->changed);
    event_int(ev, "files_new", f->fresh);
    event_int(ev, "files_missing", f->missing);
    event_int(ev, "files_unread", f->unread);
    event_int(ev, "files", f->files);
    event_int(ev, "bytes", f->bytes);
    event_int(ev, "files_left", rest(v->choice.due_files, f->tried_files));
    event_int(ev, "bytes_left", rest(v->choice.due_bytes, f->tried_bytes));
    event_bool(ev, "cancelled", cancelled);
    event_num(ev, "seconds", (double)(clock_monotonic() - v->started_at) / (double)NSEC_PER_SEC);
    job_emit(v->job, ev);
}

static void end_journal(struct verify *v, bool cancelled, struct error *err)
{
    const struct findings *f = &v->findings;
    bool partial = f->changed + f->missing + f->unread > 0;
    const char *state = err->message ? "failed" : cancelled ? "cancelled" : partial ? "partial" : "done";

    (void)accept_end(v->cat, &v->request, state, f->accepted, f->bytes, err->message, err->message ? NULL : err);
}

static void verify_main(struct job *job, void *arg)
{
    struct verify *v = arg;
    struct error err = {0};

    init(v, job);
    int code = catalog_open(v->request.catalog, &v->cat, &err);
    findings_init(&v->findings, &v->request, job, v->cat);
    if (!code)
        (void)run(v, &err);
    if (v->journaled)
        end_journal(v, job_cancelled(job), &err);
    emit_end(v, job_cancelled(job), &err);
    release(v);
    error_clear(&err);
}

int verify_start(struct verify_request *request, struct job **ret_job, struct error *err)
{
    struct verify *v = mem_zalloc(sizeof *v);

    v->request = *request;
    *request = (struct verify_request){0};
    return job_start(verify_main, v, free_verify, ret_job, err);
}
