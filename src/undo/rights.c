/*
 * What paths were before operations only corrected them: their rights, times and attributes.
 */
#include <string.h>
#include <sys/stat.h>

#include "undo/then.h"

static uint64_t key_of(const char *path) { return hash64_of(path, strlen(path)); }

/* What a path was before an operation corrected it, or put it away: the first one counts. attributes may be NULL. */
static struct layer_rights *note_rights(struct reading *g, const char *path, const struct manifest_file *was, const char *attributes)
{
    struct map *map = &g->out->layers->rights;
    uint64_t key = key_of(path);
    struct layer_rights *r = map_get(map, key);

    if (!r) {
        r = mem_zalloc(sizeof *r);
        *r = (struct layer_rights){.was = *was, .timed = true, .given = was->mtime};
        map_set(map, key, r);
    }
    if (!r->attributes && attributes)    /* those before it said nothing of them */
        r->attributes = mem_strdup(attributes);
    return r;
}

void then_note_touch(struct reading *g, const struct deed *d, size_t operation, bool trusted)
{
    if (map_get(&g->index, key_of(d->path)))    /* it came, or was put away, before that */
        return;
    bool first = !layers_rights(g->out->layers, d->path);
    struct layer_rights *r = note_rights(g, d->path, &d->old, d->attributes);
    if (first) {
        r->trusted = trusted;
        r->operation = operation;
    }
    r->given = d->fresh.mtime;
}

void then_note_folder(struct reading *g, const struct folder *f, size_t operation, bool trusted)
{
    if (f->place != FOLDER_IN_REPLICA || !f->known || f->voided || (f->created && !f->removed) ||
        map_get(&g->folder_index, key_of(f->path)))
        return;
    bool first = !layers_rights(g->out->layers, f->path);
    struct layer_rights *r = note_rights(g, f->path, &f->was, trusted ? f->attributes : NULL);
    if (first) {
        r->trusted = trusted;
        r->operation = operation;
    }
}

bool then_is_corrected(const struct reading *g, const struct layer_rights *r, int64_t mtime)
{
    return traits_hold(&g->traits, r->given, mtime) || traits_hold(&g->traits, mtime, r->given);
}

bool then_is_known(const struct reading *g, const struct layer_rights *r)
{
    return r && r->timed && g->r->at_operation && r->operation == 0;
}

int64_t then_time(struct reading *g, const struct story *s)
{
    struct layer_rights *r = layers_rights(g->out->layers, s->path);
    const struct manifest_file *old = &s->first->old;

    if (r && (((r->was.mode ^ old->mode) & S_IFMT) || !then_is_corrected(g, r, old->mtime)))
        r->timed = false;
    return r && r->timed ? r->was.mtime : old->mtime;
}

void then_give(struct reading *g, struct story *s, size_t found_in)
{
    const struct deed_then *first = s->first;

    if (found_in != first->operation && !layers_rights(g->out->layers, s->path)) {
        struct layer_rights *r = note_rights(g, s->path, &first->old, NULL);
        r->trusted = first->trusted;
        r->operation = first->operation;
    }
    layer_rights_entry(layers_rights(g->out->layers, s->path), &s->was.entry);
}
