#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "copy/attributes.h"
#include "copy/place.h"
#include "copy/times.h"
#include "index/still.h"
#include "undo/state.h"

#define SET_ID ((mode_t)(S_ISUID | S_ISGID))

struct manifest_file described(const struct stat *st, const struct manifest_file *digest)
{
    struct manifest_file f = {.mode = st->st_mode, .mtime = mtime_of(st), .uid = st->st_uid, .gid = st->st_gid};

    if (S_ISREG(st->st_mode))
        f.size = (uint64_t)st->st_size;
    if (digest && digest->has_digest) {
        f.has_digest = true;
        f.digest = digest->digest;
    }
    return f;
}

void announce_folder(struct undo *u, const char *path, size_t path_len, int dir)
{
    uint64_t key = hash64_of(path, path_len);
    struct stat st;

    if (map_get(&u->announced, key) || fstat(dir, &st) < 0)
        return;
    struct manifest_file was = described(&st, NULL);
    char *copy = mem_strndup(path, path_len);
    manifest_add_folder(&u->manifest, copy, &was);
    free(copy);
    map_set(&u->announced, key, u);
}

static int kept_dir(const struct undo *u, const struct step *s) { return u->spot.kept[s->kept_elsewhere]; }
static const char *kept_name(const struct step *s) { return s->kept_name[0] ? s->kept_name : s->name; }

/* The metadata that a corrected file gets back. */
static struct stat wanted(const struct undo *u, const struct step *s)
{
    const struct manifest_file *old = &s->deed.old;
    struct stat st = {.st_mode = old->mode, .st_uid = old->uid, .st_gid = old->gid,
                      .st_mtim = clock_split(old->mtime), .st_atim = {.tv_nsec = UTIME_OMIT}};

    if (!u->past.trusted)
        st.st_mode &= ~SET_ID;
    return st;
}

static void announce(struct undo *u, const struct step *s)
{
    struct manifest *m = &u->manifest;
    const char *path = s->deed.path;
    struct manifest_file now = described(&s->now, &s->deed.fresh), kept = described(&s->kept, &s->deed.old);

    announce_folder(u, path, s->dir_len, u->spot.live);
    if (s->act == ACT_TAKE) {
        manifest_add_remove(m, path, &now);
    } else if (s->act == ACT_SWAP) {
        manifest_add_replace(m, path, &kept, &now);
    } else if (s->act == ACT_PUT) {
        manifest_add_create(m, path, &kept);
    } else {
        struct manifest_file after = s->deed.old, before = described(&s->now, &s->deed.old);
        after.mode = wanted(u, s).st_mode;
        manifest_add_touch(m, path, &after, &before);
        attributes_announce(m, path, u->spot.live, s->name, u->holds.root);
    }
    if (s->copied && S_ISREG(s->now.st_mode) && s->now.st_nlink > 1)
        manifest_add_links(m, path, &s->now);
}

/* Names cannot move to the versions and back where those lie on another filesystem. */
static int stage_kept(struct undo *u, struct step *s)
{
    return versions_stage(kept_dir(u, s), kept_name(s), &s->kept, u->spot.live, s->temp, &u->data, &u->holds,
                          &u->left);
}

void move_expect(struct undo *u, const struct step *steps, size_t count)
{
    map_free(&u->going, NULL);
    for (const struct step *s = steps; s < steps + count; s++) {
        if ((s->act != ACT_TAKE && s->act != ACT_SWAP) || s->now.st_nlink < 2)
            continue;
        uint64_t key = map_file_key(&s->now);
        uintptr_t names = (uintptr_t)map_get(&u->going, key);
        map_set(&u->going, key, (void *)(names + 1));
    }
}

/* Does it go on living under another name? A version must not change with it. */
static bool is_shared(const struct undo *u, const struct step *s)
{
    return S_ISREG(s->now.st_mode) && s->now.st_nlink > 1 &&
           s->now.st_nlink > (uintptr_t)map_get(&u->going, map_file_key(&s->now));
}

static int keep_now(struct undo *u, struct step *s)
{
    bool link = !u->spot.apart && u->holds.link && !is_shared(u, s);
    int code = link ? versions_link(&u->versions, u->spot.path, u->spot.live, s->name) : -EXDEV;

    if (fault_refuses_link(-code))
        code = versions_copy(&u->versions, u->spot.path, u->spot.live, s->name, &s->now, &u->data, &u->holds);
    s->copied = !code;
    return code;
}

static int prepare(struct undo *u, struct step *s)
{
    bool takes = s->act == ACT_TAKE || s->act == ACT_SWAP, puts = s->act == ACT_PUT || s->act == ACT_SWAP;
    int code = 0;

    if (takes && (u->spot.apart || is_shared(u, s) || (s->act == ACT_SWAP && !u->holds.exchange)))
        code = keep_now(u, s);
    if (!code && puts && u->spot.apart)
        code = stage_kept(u, s);
    return code;
}

static int fail(struct undo *u, struct step *s, int code)
{
    move_drop(u, s);
    s->act = ACT_NONE;
    char *blocked = versions_blocked(&u->versions, code);
    if (blocked) {
        tell_problem(u, s, error_name(-code), blocked);
        free(blocked);
        return 0;
    }
    if (code != -ESTALE && code != -EEXIST)
        return tell_errno(u, s->deed.path, code);
    tell_conflict(u, s, "ECHANGED", "changed just now: left alone");
    return 0;
}

int move_prepare(struct undo *u, struct step *s)
{
    spot_enter(u, s);
    int code = u->spot.live < 0 ? u->spot.live : 0;

    if (!code && s->act != ACT_CORRECT) {
        announce_folder(u, s->deed.path, s->dir_len, u->spot.live);
        code = opened_open(&u->opened, u->spot.path, u->spot.live);
    }
    if (!code)
        code = prepare(u, s);
    if (code)
        return fail(u, s, code);
    announce(u, s);
    return 0;
}

void move_drop(struct undo *u, struct step *s)
{
    if (!s->temp[0])
        return;
    spot_enter(u, s);
    if (u->spot.live >= 0)
        temp_remove(u->spot.live, s->temp, &u->left);
    s->temp[0] = 0;
}

/* Out of the way, and then a look at what it was. */
static int take(struct undo *u, const struct step *s)
{
    int live = u->spot.live;

    if (s->copied)
        return place_remove(live, s->name, &s->now, &u->left);
    int code = still_seen(live, s->name, &s->now, STILL_SAME);
    if (code)
        return code;
    int to = versions_folder(&u->versions, u->spot.path);
    if (to < 0)
        return to;
    code = place_new(live, s->name, to, s->name);
    if (code || !still_seen(to, s->name, &s->now, STILL_SAME))
        return code;
    return place_new(to, s->name, live, s->name) ? -EIO : -ESTALE;
}

/* The folder of the versions comes first: once the two have changed places, little can fail. */
static int swap_by_exchange(struct undo *u, const struct step *s)
{
    int live = u->spot.live, kept = kept_dir(u, s), to = versions_folder(&u->versions, u->spot.path);
    const char *name = kept_name(s);

    if (to < 0)
        return to;
    bool foreign;
    int code = place_exchange_from(kept, name, live, s->name, &s->now, &foreign);
    if (code)
        return code;
    code = place_new(kept, name, to, s->name);
    if (code)
        (void)renameat2(kept, name, live, s->name, RENAME_EXCHANGE);
    return code;
}

/* What comes out of its place is a copy's original by now. */
static int swap_copied(struct undo *u, const struct step *s)
{
    int live = u->spot.live, from = s->temp[0] ? live : kept_dir(u, s);
    const char *name = s->temp[0] ? s->temp : kept_name(s);
    bool foreign;

    if (!u->spot.apart && u->holds.exchange) {
        int code = place_exchange_from(from, name, live, s->name, &s->now, &foreign);
        return code ? code : unlinkat(from, name, 0) < 0 ? -errno : 0;
    }
    int code = still_seen(live, s->name, &s->now, STILL_SAME);
    return code ? code : renameat(from, name, live, s->name) < 0 ? -errno : 0;
}

static int swap(struct undo *u, struct step *s)
{
    if (!s->copied)
        return swap_by_exchange(u, s);
    int code = swap_copied(u, s);
    if (!code)
        s->temp[0] = 0;
    return code;
}

static int put(struct undo *u, struct step *s)
{
    int live = u->spot.live;
    int code = s->temp[0] ? place_new(live, s->temp, live, s->name)
                          : place_new(kept_dir(u, s), kept_name(s), live, s->name);
    if (!code)
        s->temp[0] = 0;
    return code;
}

static int correct(struct undo *u, const struct step *s)
{
    struct stat st = wanted(u, s);
    struct given given = {0};
    int code = still_seen(u->spot.live, s->name, &s->now, STILL_SAME);

    if (!code && !holds_may_correct(&u->holds, s->now.st_uid))
        code = -EPERM;
    if (!code)
        code = metadata_put(u->spot.live, s->name, &st, s->deed.attributes, &u->holds, &given);
    report_lost(&u->report, given.lost);
    return code;
}

static int act(struct undo *u, struct step *s)
{
    switch (s->act) {
    case ACT_TAKE: return take(u, s);
    case ACT_SWAP: return swap(u, s);
    case ACT_PUT: return put(u, s);
    default: return correct(u, s);
    }
}

static void count(struct undo *u, const struct step *s)
{
    struct undo_counts *n = &u->counts;

    n->removed += s->act == ACT_TAKE;
    n->restored += s->act == ACT_SWAP;
    n->returned += s->act == ACT_PUT;
    n->metadata += s->act == ACT_CORRECT;
    if ((s->act == ACT_SWAP || s->act == ACT_PUT) && S_ISREG(s->kept.st_mode))
        n->bytes += (int64_t)s->kept.st_size;
}

/* A void takes back all that is announced of a path: of one that had a folder before, its removal as well. */
static void take_back_announcement(struct undo *u, const struct step *s)
{
    static const enum manifest_verb verbs[] = {[ACT_TAKE] = MANIFEST_REMOVE, [ACT_SWAP] = MANIFEST_REPLACE,
                                               [ACT_PUT] = MANIFEST_CREATE, [ACT_CORRECT] = MANIFEST_TOUCH};

    if (s->act == ACT_PUT && past_turn_of(&u->past, &s->deed) == PAST_AFTER_FOLDERS)
        return;
    manifest_add_void(&u->manifest, verbs[s->act], s->now.st_mode, s->deed.path);
}

int move_apply(struct undo *u, struct step *s)
{
    spot_enter(u, s);
    u->dirty = true;
    int code = u->spot.live < 0 ? u->spot.live : act(u, s);
    if (!code) {
        count(u, s);
        if (s->act == ACT_SWAP || s->act == ACT_PUT)
            links_remember(u, s);
        return 0;
    }
    take_back_announcement(u, s);
    return fail(u, s, code);
}

int move_sync(struct undo *u)
{
    int code = spot_leave(u);
    int versions = versions_sync(&u->versions);

    if (!code)
        code = versions;
    if (!code && u->dirty && u->fs.syncfs_reliable && syncfs(u->sync) < 0)
        code = -errno;
    u->dirty = false;
    return code;
}
