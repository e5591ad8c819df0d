#include "copy/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fault.h"
#include "copy/frozen.h"
#include "copy/metadata.h"

#define WHY 400    /* a sentence with a database's name in it */

static void add_path(struct buf *b, const char *root, const char *replica, const char *dir, const char *name)
{
    const bool above = *dir == '/';
    const char *parts[] = {root, above ? NULL : replica, dir + above, name};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!parts[i] || !*parts[i])
            continue;
        if (b->len && b->data[b->len - 1] != '/')
            buf_add_byte(b, '/');
        buf_add_str(b, parts[i]);
    }
}

static void count_problem(struct tally *t, struct subject s, bool conflict)
{
    atomic_fetch_add(conflict ? &t->conflicts : &t->failed, 1);
    if (!s.file)
        return;
    atomic_fetch_add(conflict ? &t->files_conflicting : &t->files_failed, 1);
    atomic_fetch_add(&t->files_unfixed, s.unchanged);
}

static void emit_problem(struct report *r, struct subject s, const char *code, struct buf *message, bool conflict)
{
    struct buf path = {0};

    count_problem(&r->tally, s, conflict);
    if (s.missing && r->missed && (!conflict || strcmp(code, "EEXIST") == 0))    /* that one has the name, in other letters */
        r->missed(r->missed_arg, &s, code);
    if (r->job) {
        struct event *ev = event_new("problem");
        add_path(&path, NULL, r->replica, s.dir, s.name);
        event_str(ev, "path", path.data, path.len);
        event_str(ev, "code", code, strlen(code));
        event_str(ev, "message", message->data, message->len);
        event_bool(ev, "conflict", conflict);
        if (s.at_target)
            event_bool(ev, "at_target", true);
        job_emit(r->job, ev);
    }
    buf_free(&path);
    buf_free(message);
}

void report_problem(struct report *r, struct subject subject, const char *code, const char *message,
                    bool conflict)
{
    struct buf text = {0};

    add_path(&text, NULL, r->replica, subject.dir, subject.name);
    buf_printf(&text, ": %s", message);
    emit_problem(r, subject, code, &text, conflict);
}

bool report_is_odd_name(const char *name)
{
    size_t len = strlen(name);

    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < 32 || strchr("\"*:<>?\\|", *c))
            return true;
    return len && (name[len - 1] == '.' || name[len - 1] == ' ');
}

/* The last part of what it is about. */
static const char *own_name(struct subject subject)
{
    const char *path = *subject.name ? subject.name : subject.dir, *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Is it the name that the destination refuses? */
static bool refuses_name(const char *name, int errnum)
{
    return errnum == EILSEQ || (errnum == EINVAL && report_is_odd_name(name));
}

static void refused_name(const struct report *r, char *text, size_t size)
{
    snprintf(text, size, "the filesystem of %s cannot hold this name; give it another on both disks", r->target_name);
}

static void refused_kind(const struct report *r, int errnum, mode_t mode, char *text, size_t size)
{
    const char *kind = S_ISLNK(mode) ? "symlinks" : S_ISFIFO(mode) ? "FIFOs" : "devices";

    if (S_ISLNK(mode) && errnum == ENAMETOOLONG)    /* its target: the temp's own name is short */
        snprintf(text, size, "the filesystem of %s cannot hold a symlink with a target as long as this one's: not copied",
                 r->target_name);
    else if (errnum == EPERM && (S_ISBLK(mode) || S_ISCHR(mode)) && geteuid() != 0)
        snprintf(text, size, "devices are made only by root: not copied");
    else
        snprintf(text, size, "the filesystem of %s cannot hold %s: not copied", r->target_name, kind);
}

bool report_cannot_hold(const struct report *r, const char *name, int errnum, mode_t mode, char *text, size_t size)
{
    bool is_special = !S_ISREG(mode) && !S_ISDIR(mode);

    if (refuses_name(name, errnum))
        refused_name(r, text, size);
    else if (is_special && fault_refuses_kind(errnum))
        refused_kind(r, errnum, mode, text, size);
    else
        return false;
    return true;
}

/* Is it a mark that stands against it? Reported then. */
static bool tell_frozen(struct report *r, struct subject subject)
{
    char why[160];
    struct buf path = {0};

    add_path(&path, NULL, NULL, subject.dir, subject.name);
    bool frozen = r->target_top && *subject.dir != '/' && frozen_why(*r->target_top, buf_str(&path), why, sizeof why);
    buf_free(&path);
    if (frozen)
        report_problem(r, subject, "EPERM", why, false);
    return frozen;
}

void report_errno(struct report *r, struct subject subject, int errnum, enum side side)
{
    const char *what = strerrordesc_np(errnum);
    struct buf text = {0}, path = {0};
    char why[WHY];

    if (side == SIDE_TARGET && refuses_name(own_name(subject), errnum)) {
        refused_name(r, why, sizeof why);
        report_problem(r, subject, error_name(errnum), why, false);
        return;
    }
    subject.at_target |= side == SIDE_TARGET;
    if (errnum == EPERM && side == SIDE_TARGET && tell_frozen(r, subject))
        return;
    add_path(&path, side == SIDE_SOURCE ? r->source_root : r->target_root, r->replica, subject.dir, subject.name);
    buf_printf(&text, "%s: %s: ", error_name(errnum), what ? what : "error");
    buf_add(&text, path.data, path.len);
    buf_free(&path);
    emit_problem(r, subject, error_name(errnum), &text, false);
}

bool report_refusal(struct report *r, struct subject subject, int errnum, mode_t mode)
{
    bool too_long = S_ISLNK(mode) && errnum == ENAMETOOLONG;
    char why[WHY];

    if (!fault_refuses_kind(errnum) && !too_long)
        return false;
    refused_kind(r, errnum, mode, why, sizeof why);
    report_problem(r, subject, error_name(errnum), why, false);
    return true;
}

void report_note(struct report *r, const char *code, const char *message)
{
    if (!r->job)
        return;
    struct event *ev = event_new("note");
    event_str(ev, "code", code, strlen(code));
    event_str(ev, "message", message, strlen(message));
    job_emit(r->job, ev);
}

/* Whether the destination could hold owners shows only when root tries. */
static void note_lost(struct report *r, unsigned bit, const char *code, const char *what)
{
    char text[300];

    if (bit == LOST_OWNER && geteuid() != 0)
        snprintf(text, sizeof text, "owners are kept only by root: left out there");
    else
        snprintf(text, sizeof text, "cannot hold all %s: left out there", what);
    report_note(r, code, text);
}

void report_lost(struct report *r, unsigned lost)
{
    static const struct {
        unsigned bit;
        const char *code, *what;
    } notes[] = {
        {LOST_OWNER, "EOWNER", "owners and groups"},
        {LOST_MODE, "EMODE", "permissions"},
        {LOST_XATTR, "EXATTR", "extended attributes"},
        {LOST_ACL, "EACL", "access control lists"},
        {LOST_TIMES, "ETIMES", "modification times"},
        {LOST_LINK, "ELINKS", "hard links"},
    };
    if (lost & LOST_QUOTA) {    /* what it had no room for is tried again: no word on what it can hold */
        if (!(atomic_fetch_or(&r->noted, LOST_QUOTA) & LOST_QUOTA))
            report_note(r, "EQUOTA", "a quota there has no room left for all extended attributes and owners: left out, and tried "
                        "again by the next copy");
        lost &= ~(unsigned)(LOST_XATTR | LOST_ACL | LOST_OWNER);
    }
    unsigned fresh = lost & ~atomic_fetch_or(&r->noted, lost);

    for (size_t i = 0; fresh && i < sizeof notes / sizeof *notes; i++)
        if (fresh & notes[i].bit)
            note_lost(r, notes[i].bit, notes[i].code, notes[i].what);
}

void report_progress(struct report *r, const char *dir, const char *name)
{
    struct buf path = {0};

    if (!r->job || job_progress_early(r->job))
        return;
    struct event *ev = event_new("progress");
    int64_t bytes = atomic_load(&r->tally.bytes_at);
    event_int(ev, "files", atomic_load(&r->tally.files_at));
    event_int(ev, "files_total", r->plan.files_new + r->plan.files_changed);
    event_int(ev, "bytes", bytes < r->plan.bytes ? bytes : r->plan.bytes);    /* a further name may need a copy of its own */
    event_int(ev, "bytes_total", r->plan.bytes);
    if (name) {
        add_path(&path, NULL, r->replica, dir, name);
        event_str(ev, "path", path.data, path.len);
    }
    buf_free(&path);
    job_progress(r->job, ev);
}

/* Together with the files that had problems these are all of the source. */
static void count_files(struct report *r, struct event *ev)
{
    struct tally *t = &r->tally;
    int64_t copied = atomic_load(&t->files_copied);
    int64_t unchanged = r->plan.files_unchanged - atomic_load(&t->files_unfixed);
    int64_t conflicting = atomic_load(&t->files_conflicting), failed = atomic_load(&t->files_failed);
    int64_t left = r->plan.files - copied - unchanged - conflicting - failed;

    event_int(ev, "files_copied", copied);
    event_int(ev, "files_unchanged", unchanged);
    event_int(ev, "files_conflicting", conflicting);
    event_int(ev, "files_failed", failed);
    event_int(ev, "files_left", left > 0 ? left : 0);
}

void report_counts(struct report *r, struct event *ev)
{
    struct tally *t = &r->tally;

    count_files(r, ev);
    event_int(ev, "bytes_copied", atomic_load(&t->bytes_copied));
    event_int(ev, "files_replaced", atomic_load(&t->files_replaced));
    event_int(ev, "files_removed", atomic_load(&t->files_removed));
    event_int(ev, "metadata_only", atomic_load(&t->metadata_only));
    event_int(ev, "others_copied", atomic_load(&t->others_copied));
    event_int(ev, "directories_made", atomic_load(&t->directories_made));
    event_int(ev, "directories_removed", atomic_load(&t->directories_removed));
    event_int(ev, "conflicts", atomic_load(&t->conflicts));
    event_int(ev, "failed", atomic_load(&t->failed));
    event_int(ev, "recorded", atomic_load(&t->recorded));
    event_int(ev, "bytes_kept", atomic_load(&t->bytes_kept));
    event_int(ev, "sockets", r->plan.sockets);
    event_int(ev, "respelled", (int64_t)r->respelled);
    event_int(ev, "refused", r->plan.refused + atomic_load(&t->refused));
    event_int(ev, "damaged", atomic_load(&t->damaged));
}
