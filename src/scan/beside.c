#include "scan/beside.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "index/places.h"
#include "scan/held.h"
#include "scan/outside.h"

/* What lies beside the categories and what versions hold is worth knowing, but not worth waiting for. */
#define OUTSIDE_BUDGET (300 * NSEC_PER_MSEC)
#define HELD_BUDGET (300 * NSEC_PER_MSEC)

static bool is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    if (!len)
        return true;
    return strncmp(path, folder, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* What lay in a folder that could not be read now is there still, for all that is known. */
static bool is_unread(const struct place *known, void *arg)
{
    const struct levels *levels = arg;

    for (size_t i = 0; i < levels->unread_count; i++) {
        const struct level_unread *u = &levels->unread[i];
        if (u->category == known->category && !u->project && (!u->client || is_below(known->path, u->client)))
            return true;
    }
    return false;
}

static int write_clients(const struct beside *b, struct error *err)
{
    const struct levels *v = b->levels;
    struct place *found = mem_zalloc((v->client_count + 1) * sizeof *found);

    for (size_t i = 0; i < v->client_count; i++)
        found[i] = (struct place){.category = v->clients[i].category, .path = v->clients[i].name};
    struct places p = {PLACES_CLIENT, b->database, found, v->client_count, is_unread, (void *)v};
    int code = places_write(b->cat, &p, err);
    free(found);
    return code;
}

static int write_loose(const struct beside *b, struct error *err)
{
    const struct levels *v = b->levels;
    size_t count = v->loose_count + v->litter.count;
    struct place *found = mem_zalloc((count + 1) * sizeof *found);

    for (size_t i = 0; i < v->loose_count; i++)
        found[i] = (struct place){.category = v->loose[i].category, .path = v->loose[i].path, .kind = v->loose[i].kind,
                                  .bytes = (int64_t)v->loose[i].size};
    for (size_t i = v->loose_count; i < count; i++) {
        const struct litter_item *item = &v->litter.list[i - v->loose_count];
        found[i] = (struct place){.category = item->category, .path = item->path, .kind = item->kind,
                                  .bytes = (int64_t)item->size};
    }
    struct places p = {PLACES_LOOSE, b->database, found, count, is_unread, (void *)v};
    int code = places_write(b->cat, &p, err);
    free(found);
    return code;
}

struct around {
    const struct beside *beside;
    const struct outside *found;
};

/* Beside a category's folder, and that cannot be reached (a gone mount): it may have been gone together with this. */
static bool is_beside_unread(const char *path, const struct beside *b)
{
    for (size_t i = 0; i < b->levels->unread_count; i++) {
        const struct level_unread *u = &b->levels->unread[i];
        const char *slash = u->client || u->project ? NULL : strchr(u->path, '/');
        if (slash && strncmp(path, u->path, (size_t)(slash - u->path) + 1) == 0)
            return true;
    }
    return false;
}

static bool is_unread_outside(const struct place *known, void *arg)
{
    const struct around *a = arg;

    for (size_t i = 0; i < a->found->unread_count; i++)
        if (is_below(known->path, a->found->unread[i]))
            return true;
    return is_beside_unread(known->path, a->beside);
}

static int write_outside(const struct beside *b, struct error *err)
{
    struct outside o = {0};

    outside_find(b->root, b->roster, &o);
    outside_measure(b->root, &o, OUTSIDE_BUDGET, b->cancel);
    struct around around = {b, &o};
    struct places p = {PLACES_OUTSIDE, b->database, o.places, o.count, is_unread_outside, &around};
    int code = places_write(b->cat, &p, err);
    outside_free(&o);
    return code;
}

int beside_write(const struct beside *b, struct error *err)
{
    int code = write_clients(b, err);

    if (!code)
        code = write_loose(b, err);
    if (!code)
        code = write_outside(b, err);
    return code ? code : held_count(b->cat, b->database, b->root, HELD_BUDGET, b->cancel, err);
}

static bool is_category_unread(const struct levels *v, int64_t category)
{
    for (size_t i = 0; i < v->unread_count; i++)
        if (v->unread[i].category == category && !v->unread[i].client)
            return true;
    return false;
}

static int note_space(const struct beside *b, struct error *err)
{
    struct statvfs st;

    if (fstatvfs(b->root, &st) < 0 || !st.f_blocks)
        return 0;    /* a filesystem that does not count */
    int64_t unit = (int64_t)(st.f_frsize ? st.f_frsize : st.f_bsize);
    return places_space(b->cat, b->database, (int64_t)st.f_blocks * unit, (int64_t)st.f_bavail * unit, b->at, err);
}

int beside_note_reading(const struct beside *b, struct error *err)
{
    const struct levels *v = b->levels;

    int code = places_forget_unread(b->cat, b->database, err);
    for (size_t i = 0; i < v->unread_count && !code; i++)
        code = places_unread(b->cat, b->database, v->unread[i].category, v->unread[i].client, v->unread[i].project, err);
    for (size_t i = 0; i < b->roster->category_count && !code; i++)
        if (!is_category_unread(v, b->roster->categories[i].id))
            code = places_read(b->cat, b->database, b->roster->categories[i].id, b->at, err);
    return code ? code : note_space(b, err);
}
