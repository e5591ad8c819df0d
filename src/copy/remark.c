#include "copy/remark.h"

#include <limits.h>
#include <stdio.h>

/* Rights that will not be corrected are no part of the plan, and no secret. */
static void tell_owned(struct work *w)
{
    char text[200];

    if (!w->report.plan.owned)
        return;
    snprintf(text, sizeof text, "%lld files and folders there belong to another user, so their rights and times are "
             "left as they are (only that user or root can set them)", (long long)w->report.plan.owned);
    report_note(&w->report, "EOWNED", text);
}

static void tell_sockets(struct work *w)
{
    long long count = w->report.plan.sockets;
    char text[120];

    if (!count || w->request->repair)
        return;
    snprintf(text, sizeof text, "%lld socket%s of the source left out: a socket holds no data", count, count > 1 ? "s" : "");
    report_note(&w->report, "ESOCKET", text);
}

/* Named by the first one: the others are of its kind, or the disks' trouble of those days. */
static void tell_staying(struct work *w)
{
    const struct plan_counts *n = &w->report.plan;
    char text[PATH_MAX + 200];

    if (!n->staying)
        return;
    snprintf(text, sizeof text, "%lld of the names there, such as %s, stay: the source cannot hold them, or no copy could make "
             "them there, so nobody removed them", (long long)n->staying, n->stays);
    if (n->staying == 1)
        snprintf(text, sizeof text, "%s stays there: the source cannot hold it, or no copy could make it there, so nobody removed "
                 "it", n->stays);
    report_note(&w->report, "ESTAYS", text);
}

void remark_respelled(struct work *w, const struct respellings *found)
{
    const struct respelling *first = found->list;
    char text[2 * NAME_MAX + 200], more[60] = "";

    w->report.respelled = found->count;
    if (!found->count)
        return;
    if (found->count > 1)
        snprintf(more, sizeof more, ", and so with %zu more name%s", found->count - 1, found->count > 2 ? "s" : "");
    snprintf(text, sizeof text, "'%s' is called '%s' at the source: the copy first gives it that name there%s, and then "
             "compares what is in it", first->from, first->to, more);
    report_note(&w->report, "ESPELLING", text);
}

void remark_counts(struct work *w, const struct space *space)
{
    const struct plan_counts *n = &w->report.plan;
    struct event *ev = event_new("plan");

    event_int(ev, "files_new", n->files_new);
    event_int(ev, "files_changed", n->files_changed);
    event_int(ev, "files_unchanged", n->files_unchanged);
    event_int(ev, "files_extra", n->files_extra);
    event_int(ev, "metadata_only", n->metadata_only);
    event_int(ev, "conflicts", n->conflicts);
    event_int(ev, "others_new", n->others_new);
    event_int(ev, "others_changed", n->others_changed);
    event_int(ev, "directories_new", n->directories_new);
    event_int(ev, "bytes", n->bytes);
    event_int(ev, "inodes", n->inodes);
    event_int(ev, "bytes_free", space->bytes_free);
    event_int(ev, "inodes_free", space->inodes_free);
    event_bool(ev, "same_filesystem", w->same_filesystem && !w->request->restore);
    event_bool(ev, "source_incomplete", n->source_incomplete);
    job_emit(w->report.job, ev);
}

void remark_plan(struct work *w)
{
    report_lost(&w->report, w->report.plan.lost);
    if (w->same_filesystem && !w->request->restore)
        report_note(&w->report, "ESAMEFS",
                    "source and destination are on the same filesystem: this is no second copy if the disk fails");
    if (w->target.fs.kernel_old)
        report_note(&w->report, "EKERNEL",
                    "this Linux is older than 5.8 and does not tell when writing fails: every file is synced by itself, which "
                    "is slower");
    tell_owned(w);
    tell_sockets(w);
    tell_staying(w);
    if (w->request->mirror && w->report.plan.source_incomplete)
        report_note(&w->report, "EINCOMPLETE",
                    "the source could not be read completely: what the destination has in the folders that were not read stays");
}
