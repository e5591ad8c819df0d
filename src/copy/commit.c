#include "copy/commit.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "copy/apply.h"
#include "copy/beat.h"
#include "copy/crew.h"
#include "copy/plan.h"
#include "copy/readback.h"

#define MANY_TWINS 32                   /* above: one syncfs instead of an fsync each */
#define MANY_LINKS 32                   /* likewise */
#define LONGEST_WAIT (50 * NSEC_PER_MSEC)
#define LONGEST_WITHOUT_TIMES (3 * NSEC_PER_SEC)
#define CANCEL_BYTES (256u << 20)         /* a cancelled batch up to this is still committed */

void commit_init(struct commit *c, struct work *w)
{
    *c = (struct commit){.w = w};
    data_init(&c->data, w->cancel, NULL, NULL);
}

void commit_free(struct commit *c) { data_free(&c->data); }

/* Whatever fails here leaves unknown what is on the disk: the operation ends. */
static bool must(struct commit *c, int code, const char *what)
{
    if (!code)
        return true;
    atomic_store(&c->broken, true);
    work_fail_errno(c->w, -code, what);
    return false;
}

/*
 * Before Linux 5.17 syncfs drops what the filesystem itself says of its journal. An fsync on it says so, and costs
 * little when all is written already.
 */
static int sync_filesystem(struct commit *c)
{
    if (syncfs(c->w->target.sync) < 0)
        return -errno;
    return c->w->target.elsewhere ? 0 : manifest_sync(&c->w->target.manifest);
}

/* The temps (unless each was synced already), the versions and the manifest. */
static int sync_staged(struct commit *c)
{
    struct target *t = &c->w->target;
    int code = versions_sync(&t->versions);

    if (!code && (t->elsewhere || !t->fs.syncfs_reliable))
        code = manifest_sync(&t->manifest);
    if (!code && t->fs.syncfs_reliable)
        code = sync_filesystem(c);
    return code;
}

static size_t count_twins(struct commit *c, struct items *batch)
{
    size_t count = 0;

    for (struct item *item = batch->first; item; item = item->next) {
        count += item->twin->batch != c->batch;
        item->twin->batch = c->batch;
    }
    return count;
}

static int sync_twin(struct twin *f)
{
    int dir = twin_target(f);
    if (dir < 0)
        return dir;
    int code = path_sync_dir(dir);
    twin_target_done(f);
    return code;
}

/* Each directory of the batch once: the mark set by count_twins is taken away again. */
static int sync_each_twin(struct items *batch)
{
    int code = 0;

    for (struct item *item = batch->first; !code && item; item = item->next) {
        if (!item->twin->batch)
            continue;
        item->twin->batch = 0;
        code = sync_twin(item->twin);
    }
    return code;
}

/* An fsync of their directory takes btrfs longer with each further name of a file: a second for a thousand. */
static bool has_many_links(const struct items *batch)
{
    size_t links = 0;

    for (const struct item *item = batch->first; item && links <= MANY_LINKS; item = item->next)
        links += item->is_link;
    return links > MANY_LINKS;
}

static int sync_names(struct commit *c, struct items *batch)
{
    struct target *t = &c->w->target;
    size_t twins = count_twins(c, batch);
    int code = versions_sync(&t->versions);

    if (code)
        return code;
    if (t->fs.syncfs_reliable && (twins > MANY_TWINS || has_many_links(batch) || (c->moved && !t->elsewhere)))
        return sync_filesystem(c);
    return sync_each_twin(batch);
}

static void each(struct commit *c, struct items *batch, void (*step)(struct commit *, struct item *))
{
    for (struct item *item = batch->first; item; item = item->next)
        if (!item->failed)
            step(c, item);
}

/* Announced, and now not done. */
static void give_up(struct commit *c, struct item *item)
{
    char *path = plan_join(item->twin->path, item->name);

    item_drop_temp(item);
    item->failed = true;
    apply_void(c, item, path);
    free(path);
}

static void prepare(struct commit *c, struct item *item)
{
    if (apply_prepare(c, item))
        return;
    item_drop_temp(item);
    item->failed = true;
}

/* A lock that is another's by now has its names left alone. */
static void apply(struct commit *c, struct item *item)
{
    if (!atomic_load(&c->broken))
        (void)must(c, beat_check(c->w->target.beat, NULL), "lock");
    if (atomic_load(&c->broken) || !apply_item(c, item))
        give_up(c, item);
}

static bool is_new(const struct item *item) { return item->kind == VERDICT_NEW; }

/* What moves or removes files goes first, on this thread alone: it can be in the way of a new name. */
static void apply_old(struct commit *c, struct item *item)
{
    if (!is_new(item))
        apply(c, item);
}

static void apply_new(struct commit *c, struct item *item)
{
    if (is_new(item))
        apply(c, item);
}

struct shared_step {
    struct commit *c;
    void (*step)(struct commit *, struct item *);
};

/* The items of one directory that follow each other go together: the kernel lets only one thread change a directory. */
static void run_shared(struct crew *crew, void *arg)
{
    const struct shared_step *s = arg;
    struct item *item, *end;

    while ((item = crew_take(crew, SIZE_MAX, &end)))
        for (; item != end; item = item->next)
            if (!item->failed)
                s->step(s->c, item);
}

/* each, on several threads. */
static void each_shared(struct commit *c, struct items *batch, void (*step)(struct commit *, struct item *))
{
    struct shared_step s = {.c = c, .step = step};

    crew_run(batch, crew_size(batch->count), run_shared, &s);
}

/*
 * A time read too soon after the change could be given to a later change as well, and the digest would be no
 * proof: wait until the clock has moved on, where that is short, or all that will ever tell that the file is the same.
 */
static void wait_for_clock(struct commit *c, int64_t since)
{
    int64_t left = filesystem_tick(&c->w->target.fs) - (clock_monotonic() - since);

    int64_t longest = c->w->target.fs.traits.drops_times ? LONGEST_WITHOUT_TIMES : LONGEST_WAIT;

    if (left <= 0 || left > longest)
        return;
    struct timespec pause = clock_split(left + NSEC_PER_MSEC);
    nanosleep(&pause, NULL);
}

/* What reads back wrong was announced already. */
static void check_written(struct commit *c, struct items *batch)
{
    readback_check(c->w, batch);
    for (struct item *item = batch->first; item; item = item->next)
        if (item->failed && item->temp[0])
            give_up(c, item);
}

static void run_steps(struct commit *c, struct items *batch)
{
    struct target *t = &c->w->target;

    each(c, batch, prepare);
    if (!must(c, manifest_write(&t->manifest), "manifest") || !must(c, sync_staged(c), "sync")) {
        each(c, batch, give_up);
        return;
    }
    if (c->w->request->readback)
        check_written(c, batch);
    each(c, batch, apply_old);
    each_shared(c, batch, apply_new);
    int64_t applied_at = clock_monotonic();
    if (!must(c, sync_names(c, batch), "sync of directories"))
        return;
    wait_for_clock(c, applied_at);
    each_shared(c, batch, apply_settle);
    must(c, manifest_write(&t->manifest), "manifest");
}

static bool worth_it(const struct commit *c, const struct items *batch)
{
    bool cancelled = c->w->cancel && atomic_load(c->w->cancel);
    return !atomic_load(&c->broken) && !(cancelled && batch->bytes > CANCEL_BYTES);
}

void commit_batch(struct commit *c, struct items *batch)
{
    c->batch++;
    c->moved = false;
    if (worth_it(c, batch))
        run_steps(c, batch);
    items_discard(batch);
    report_progress(&c->w->report, NULL, NULL);
}
