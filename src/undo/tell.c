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
