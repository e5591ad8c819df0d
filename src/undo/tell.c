#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "copy/plan.h"
#include "copy/work.h"
#include "undo/state.h"

static struct subject subject_of(const char *path) { return (struct subject){.dir = path, .name = ""}; }

void tell_conflict(struct undo *u, const struct step *s, const char *code, const char *why)
{
    map_set(&u->conflicts, hash64_of(s->deed.path, s->dir_len), u);
    report_problem(&u->report, subject_of(s->deed.path), code, why, true);
}

void tell_problem(struct undo *u, const struct step *s, const char *code, const char *why)
{
    report_problem(&u->report, subject_of(s->deed.path), code, why, false);
}

int tell_errno(struct undo *u, const char *path, int code)
{
    if (code == -ECANCELED)
        return code;
    report_errno(&u->report, subject_of(path), -code, SIDE_TARGET);
    return work_is_disk_gone(u->root, -code) ? code : 0;
}

void tell_action(struct undo *u, const char *kind, const char *path, mode_t mode, uint64_t size)
{
    char *full = plan_join(u->past.replica, path);
    struct event *ev = event_new("action");

    event_str(ev, "kind", kind, strlen(kind));
    event_str(ev, "path", full, strlen(full));
    event_str(ev, "file_type", type_name(mode), strlen(type_name(mode)));
    event_int(ev, "size", (int64_t)size);
    job_emit(u->job, ev);
    free(full);
}

void tell_progress(struct undo *u, const char *path)
{
    if (job_progress_early(u->job))
        return;
    char *full = plan_join(u->past.replica, path);
    struct event *ev = event_new("progress");

    event_int(ev, "files", u->counts.looked_at);
    event_int(ev, "files_total", u->past.total);
    event_str(ev, "path", full, strlen(full));
    job_progress(u->job, ev);
    free(full);
}

void tell_counts(struct undo *u, struct event *ev)
{
    const struct undo_counts *n = &u->counts;

    event_int(ev, "files_restored", n->restored);
    event_int(ev, "files_returned", n->returned);
    event_int(ev, "files_removed", n->removed);
    event_int(ev, "bytes_restored", n->bytes);
    event_int(ev, "metadata_only", n->metadata);
    event_int(ev, "directories_made", n->made);
    event_int(ev, "directories_removed", n->unmade);
    event_int(ev, "unchanged", n->unchanged);
    event_int(ev, "conflicts", atomic_load(&u->report.tally.conflicts));
    event_int(ev, "failed", atomic_load(&u->report.tally.failed));
}

int tell_no_past(const struct undo *u, int code, struct error *err)
{
    const struct undo_request *r = &u->request;

    if (code == -ENOENT)
        return error_say(err, "ENOENT", ENOENT, "%s has no operation %s: 'history' lists what it has", r->database,
                         r->undone);
    if (code == -EBADMSG)
        return error_say(err, "EBADMSG", EBADMSG, "the manifest of operation %s on %s is damaged: it cannot be undone",
                         r->undone, r->database);
    if (code == -EINVAL)
        return error_say(err, "EUNSAFE", EINVAL, "the manifest of operation %s on %s is that of another operation or "
                         "of another disk: it is not followed", r->undone, r->database);
    return error_set(err, -code, "manifest of %s", r->undone);
}

int tell_past(struct undo *u, struct error *err)
{
    const struct undo_request *r = &u->request;
    const struct past *p = &u->past;

    if (strcmp(p->replica, r->path) != 0 || !*p->replica)
        return error_say(err, "EUNSAFE", EINVAL, "the manifest of operation %s on %s is about %s, not %s: it is not "
                         "followed", r->undone, r->database, *p->replica ? p->replica : "no replica", r->path);
    if (p->torn)
        report_note(&u->report, "ETORN", "the operation's manifest breaks off: what stands in it is undone");
    if (p->unsafe)
        report_note(&u->report, "EUNSAFE", "the operation's manifest names paths that lead elsewhere: they are not "
                    "followed");
    if (!p->trusted)
        report_note(&u->report, "EOWNER", "the operation's manifest is not root's own: owners and set-id bits stay as "
                    "they are");
    return 0;
}

static const char *const kinds[] = {[ACT_TAKE] = "remove", [ACT_SWAP] = "restore", [ACT_PUT] = "return",
                                    [ACT_CORRECT] = "correct"};

void tell_step(struct undo *u, const struct step *s)
{
    const struct stat *st = s->act == ACT_SWAP || s->act == ACT_PUT ? &s->kept : &s->now;

    tell_action(u, kinds[s->act], s->deed.path, st->st_mode, S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0);
    u->counts.restored += s->act == ACT_SWAP;
    u->counts.returned += s->act == ACT_PUT;
    u->counts.removed += s->act == ACT_TAKE;
    u->counts.metadata += s->act == ACT_CORRECT;
    if (s->act == ACT_TAKE) {
        char *path = plan_join(u->past.replica, s->deed.path);
        map_set(&u->taken, hash64_of(path, strlen(path)), u);
        free(path);
    }
    if (st == &s->kept && S_ISREG(st->st_mode))
        u->counts.bytes += (int64_t)st->st_size;
}
