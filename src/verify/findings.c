#include "verify/findings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/sum.h"
#include "index/taken.h"
#include "verify/accept.h"

#define RECORD_EVERY NSEC_PER_SEC
#define COST_SHARE 20            /* recording takes at most one part in so many of the time */
#define RECORD_COUNT 16384       /* files of one recording */

void findings_init(struct findings *f, const struct verify_request *request, struct job *job, struct catalog *cat)
{
    *f = (struct findings){.request = request, .job = job, .cat = cat, .recorded_at = clock_monotonic()};
    f->peers = peers_new(cat, request->peers, request->peer_count);
    checks_init(&f->list);
}

void findings_free(struct findings *f)
{
    check_free(f->list.first);
    peers_free(f->peers);
}

/* ---- telling ---- */

static struct event *new_event(const struct findings *f, const char *state, const char *path)
{
    struct event *ev = event_new("file");
    struct buf full = {0};

    buf_printf(&full, "%s%s%s", f->request->path, *path ? "/" : "", path);
    event_str(ev, "state", state, strlen(state));
    event_str(ev, "path", full.data, full.len);
    buf_free(&full);
    return ev;
}

static void tell_errno(struct event *ev, int errnum)
{
    struct error err = {0};

    if (errnum == EBUSY)
        error_say(&err, "EINUSE", EBUSY, "belongs to the catalog in use: not read");
    else if (errnum == FILE_HIDES)
        error_say(&err, "EHIDDEN", errnum, "says that it is empty, and is not (a file of the kernel's?): not verified");
    else
        error_set(&err, errnum, "reading it");
    event_error(ev, &err);
    error_clear(&err);
}

static void tell_damage(struct findings *f, const struct check *c, bool known)
{
    struct event *ev = new_event(f, "damaged", c->path);
    struct buf names = {0};

    peers_holding(f->peers, c, &names);
    event_int(ev, "size", (int64_t)c->size);
    event_bool(ev, "known", known);
    event_bool(ev, "certain", !known && !c->errnum && check_is_certain(c));
    event_int(ev, "found_at", known ? c->verified : c->read_at / NSEC_PER_SEC);
    event_str(ev, "good_on", buf_str(&names), names.len);
    if (c->errnum)
        tell_errno(ev, c->errnum);
    job_emit(f->job, ev);
    buf_free(&names);
}

static void tell(struct findings *f, const struct check *c, const char *state)
{
    struct event *ev = new_event(f, state, c->path);

    event_int(ev, "size", (int64_t)c->size);
    if (c->errnum)
        tell_errno(ev, c->errnum);
    job_emit(f->job, ev);
}

/* Where the content is that it had, for who wants that back. */
static void tell_renewed(struct findings *f, const struct check *c)
{
    struct event *ev = new_event(f, "renewed", c->path);
    struct buf names = {0};

    peers_holding(f->peers, c, &names);
    event_int(ev, "size", (int64_t)c->size);
    event_int(ev, "written_at", c->found_ctime / NSEC_PER_SEC);
    event_str(ev, "good_on", buf_str(&names), names.len);
    job_emit(f->job, ev);
    buf_free(&names);
}

void findings_add_known(struct findings *f, const struct check *c)
{
    f->damaged++;
    tell_damage(f, c, true);
}

void findings_add_unlisted(struct findings *f, const char *path, int errnum)
{
    struct event *ev = new_event(f, "unread", path);

    f->unread++;
    tell_errno(ev, errnum);
    job_emit(f->job, ev);
}

void findings_add_gone(struct findings *f, const char *path, const struct error *why)
{
    struct event *ev = new_event(f, "unread", path);

    f->unread++;
    event_error(ev, why);
    job_emit(f->job, ev);
}

/* Of what is accepted no content is a wrong one; what cannot be read is just that. */
static void count_accepted(struct findings *f, const struct check *c)
{
    f->accepted++;
    f->renewed += accept_is_renewed(c);
    if (accept_is_renewed(c))
        tell(f, c, "accepted");
}

static void count_damaged(struct findings *f, const struct check *c)
{
    if (!verify_accepts(f->request)) {
        f->damaged++;
        tell_damage(f, c, false);
    } else {
        f->unread++;
        tell(f, c, "unread");
    }
}

static void count(struct findings *f, const struct check *c)
{
    bool whole = check_is_read(c) || c->finding == FOUND_DAMAGED;

    f->files += whole;
    f->bytes = sum_add(f->bytes, whole ? (int64_t)c->size : 0);
    f->tried_files += c->finding != FOUND_NOTHING;
    f->tried_bytes = sum_add(f->tried_bytes, c->finding != FOUND_NOTHING ? (int64_t)c->size : 0);
    if (verify_accepts(f->request) && accept_is_good(c)) {
        count_accepted(f, c);
        return;
    }
    switch (c->finding) {
    case FOUND_OK: f->ok++; break;
    case FOUND_NEW: f->fresh++; break;
    case FOUND_RENEWED: f->renewed++; tell_renewed(f, c); break;
    case FOUND_DAMAGED: count_damaged(f, c); break;
    case FOUND_CHANGED: f->changed++; tell(f, c, "changed"); break;
    case FOUND_MISSING: f->missing++; tell(f, c, "missing"); break;
    case FOUND_UNREAD: f->unread++; tell(f, c, "unread"); break;
    case FOUND_NOTHING: break;
    }
}

/* ---- recording ---- */

static struct taken taken_of(const struct findings *f, const struct check *c)
{
    bool damaged = c->finding == FOUND_DAMAGED;

    return (struct taken){
        .path = c->path, .digest = damaged ? c->digest : c->found, .size = c->size, .mtime = c->mtime,
        .ctime = c->found_ctime, .young = c->young, .verified_at = f->request->cached ? 0 : c->read_at,
        .damaged = damaged, .moved = c->found_ctime != c->ctime || c->found_ino != c->ino, .listed_ctime = c->ctime,
        .ino = c->found_ino,
    };
}

static int record(struct findings *f, const struct checks *list, struct error *err)
{
    struct taken *taken = mem_alloc((list->count + 1) * sizeof *taken);
    size_t count = 0;

    for (const struct check *c = list->first; c; c = c->next)
        if (check_is_read(c) || c->finding == FOUND_DAMAGED)
            taken[count++] = taken_of(f, c);
    int code = count ? replica_record_digests(f->cat, f->request->replica, taken, count, err) : 0;
    free(taken);
    return code;
}

/* Somebody wrote to the file and it is now what another disk has: put right, or brought here by another program. */
static void judge_again(struct findings *f, struct check *c)
{
    bool written = c->finding == FOUND_RENEWED || (c->finding == FOUND_DAMAGED && !c->errnum && !check_is_certain(c));

    if (written && peers_have_found(f->peers, c))
        c->finding = FOUND_OK;
}

static int settle(struct findings *f, struct error *err)
{
    int64_t started = clock_monotonic();
    struct checks list;

    checks_init(&list);
    checks_move(&list, &f->list);
    for (struct check *c = list.first; c && !verify_accepts(f->request); c = c->next)
        judge_again(f, c);
    int code = verify_accepts(f->request) ? accept_record(f->cat, f->request, list.first, err) : record(f, &list, err);
    for (const struct check *c = list.first; c; c = c->next)
        count(f, c);
    check_free(list.first);
    f->recorded_at = clock_monotonic();
    f->cost = f->recorded_at - started;
    return code;
}

int findings_settle(struct findings *f, struct desk *desk, bool now, struct error *err)
{
    int64_t pause = f->cost * COST_SHARE > RECORD_EVERY ? f->cost * COST_SHARE : RECORD_EVERY;

    desk_collect(desk, &f->list);
    if (!f->list.count || (!now && f->list.count < RECORD_COUNT && clock_monotonic() - f->recorded_at < pause))
        return 0;
    return settle(f, err);
}
