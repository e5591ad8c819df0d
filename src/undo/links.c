#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/place.h"
#include "copy/plan.h"
#include "copy/tree.h"
#include "copy/xattr.h"
#include "index/still.h"
#include "undo/state.h"

#define PROC_PATH 320    /* "/proc/self/fd/N/NAME" */

/* The names in the list that were of one file, and a name of that file that is there. */
struct group {
    const struct linked *first;
    size_t count;
    int64_t names;           /* it had */
    char *partner;           /* NULL: none was found */
};

struct groups {
    struct undo *u;
    struct group *list;      /* by device and inode */
    size_t count;
};

/* A name, its directory open. */
struct place {
    int dir;
    const char *name;
    struct stat st;
};

void links_remember(struct undo *u, const struct step *s)
{
    struct linked_list *l = &u->linked;
    const struct deed *d = &s->deed;
    struct stat dir;

    if (!d->inode || (d->verb != MANIFEST_REPLACE && d->verb != MANIFEST_REMOVE) || !S_ISREG(d->old.mode) ||
        fstat(u->spot.live, &dir) < 0)
        return;
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 64;
        l->list = mem_realloc(l->list, l->room * sizeof *l->list);
    }
    l->list[l->count++] = (struct linked){.path = mem_strdup(d->path), .dev = dir.st_dev, .inode = d->inode, .names = d->names};
}

void links_forget(struct undo *u)
{
    for (size_t i = 0; i < u->linked.count; i++)
        free(u->linked.list[i].path);
    free(u->linked.list);
    u->linked = (struct linked_list){0};
}

/* ---- which names belong together ---- */

static int compare_files(const struct linked *x, const struct linked *y)
{
    if (x->dev != y->dev)
        return x->dev > y->dev ? 1 : -1;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

static int by_file(const void *a, const void *b)
{
    const struct linked *x = a, *y = b;
    int order = compare_files(x, y);
    return order ? order : strcmp(x->path, y->path);
}

static int group_by_file(const void *key, const void *group)
{
    return compare_files(key, ((const struct group *)group)->first);
}

static void make_groups(struct groups *g)
{
    struct linked_list *l = &g->u->linked;

    qsort(l->list, l->count, sizeof *l->list, by_file);
    g->list = mem_zalloc(l->count * sizeof *g->list);
    for (size_t i = 0; i < l->count; i++) {
        const struct linked *one = &l->list[i];
        if (!i || compare_files(one, one - 1))
            g->list[g->count++].first = one;
        struct group *group = &g->list[g->count - 1];
        group->count++;
        if (group->names < one->names)
            group->names = one->names;
    }
}

static void free_groups(struct groups *g)
{
    for (size_t i = 0; i < g->count; i++)
        free(g->list[i].partner);
    free(g->list);
}

static int see_name(void *arg, int dir, const char *path, const char *name)
{
    struct groups *g = arg;
    struct stat st;

    if (path_is_ours(name, strlen(name)) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
        return 0;
    const struct linked file = {.dev = st.st_dev, .inode = st.st_ino};
    struct group *group = bsearch(&file, g->list, g->count, sizeof *g->list, group_by_file);
    if (group && !group->partner)
        group->partner = plan_join(path, name);
    return 0;
}

/* ---- one name becomes another name of a file ---- */

static int enter(const struct undo *u, const char *path, struct place *ret_place)
{
    ret_place->dir = path_open_parent(u->top, path, &ret_place->name);
    if (ret_place->dir < 0)
        return ret_place->dir;
    return fstatat(ret_place->dir, ret_place->name, &ret_place->st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static void leave(struct place *p)
{
    if (p->dir >= 0)
        close(p->dir);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool looks_the_same(const struct stat *a, const struct stat *b)
{
    return S_ISREG(a->st_mode) && a->st_mode == b->st_mode && a->st_size == b->st_size && a->st_uid == b->st_uid &&
           a->st_gid == b->st_gid && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int read_attributes(int dir, const char *name, struct buf *ret_list)
{
    char path[PROC_PATH];

    snprintf(path, sizeof path, "/proc/self/fd/%d/%s", dir, name);
    return xattr_pack((struct xattr_file){.path = path}, geteuid() == 0, ret_list);
}

static int read_digest(struct undo *u, int dir, const char *name, uint64_t size, struct digest *ret_digest)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int code = data_digest(&u->data, fd, size, ret_digest);
    close(fd);
    return code;
}

/* Attributes and content. 0, -ESTALE when they differ, or -errno. */
static int compare(struct undo *u, const struct place *p, const char *other)
{
    struct buf here = {0}, there = {0};
    struct digest a, b;
    uint64_t size = (uint64_t)p->st.st_size;

    int code = read_attributes(p->dir, p->name, &here);
    if (!code)
        code = read_attributes(p->dir, other, &there);
    if (!code && strcmp(buf_str(&here), buf_str(&there)) != 0)
        code = -ESTALE;
    if (!code)
        code = read_digest(u, p->dir, p->name, size, &a);
    if (!code)
        code = read_digest(u, p->dir, other, size, &b);
    if (!code && memcmp(&a, &b, sizeof a) != 0)
        code = -ESTALE;
    buf_free(&here);
    buf_free(&there);
    return code;
}

static int make_link(int dir, const char *name, const void *arg)
{
    const struct place *partner = arg;
    return linkat(partner->dir, partner->name, dir, name, 0) < 0 ? -errno : 0;
}

static int take_its_place(struct undo *u, const struct place *p, char *temp)
{
    bool foreign = false;
    int code = u->holds.exchange ? place_exchange(p->dir, temp, p->name, &p->st, &foreign)
                                 : still_seen(p->dir, p->name, &p->st, STILL_SAME);

    if (!u->holds.exchange && !code && renameat(p->dir, temp, p->dir, p->name) < 0)
        code = -errno;
    if (foreign)
        temp_leave(p->dir, temp, &u->left);
    u->dirty = true;
    return code;
}

/* What is compared is the new name itself, so that nobody can put another file in between. */
static int link_to(struct undo *u, const struct place *p, const struct place *partner)
{
    char temp[TEMP_NAME_SIZE] = "";
    struct stat st;
    int code = temp_make(p->dir, make_link, partner, temp);

    if (code)
        return code;
    if (fstatat(p->dir, temp, &st, AT_SYMLINK_NOFOLLOW) < 0 || !looks_the_same(&p->st, &st))
        code = -ESTALE;
    if (!code)
        code = compare(u, p, temp);
    if (!code)
        code = take_its_place(u, p, temp);
    temp_remove(p->dir, temp, &u->left);
    if (!code && (u->elsewhere || !u->fs.syncfs_reliable))
        code = path_sync_dir(p->dir);
    return code;
}

/* 0 when path is a name of the partner's file, or has become one. Else -ESTALE or -errno. */
static int join(struct undo *u, const char *path, const struct place *partner)
{
    struct place p;
    int code = enter(u, path, &p);

    if (!code && !is_same_file(&p.st, &partner->st))
        code = looks_the_same(&p.st, &partner->st) ? link_to(u, &p, partner) : -ESTALE;
    leave(&p);
    return code;
}

/* ---- a file ---- */

/* Adds to *ret_apart the names that are not of the file that they were of, or the only ones of it. 0 or -ECANCELED. */
static int restore_group(struct undo *u, const struct group *g, size_t *ret_apart)
{
    struct place partner;
    size_t joined = 0;
    int code = enter(u, g->partner ? g->partner : g->first->path, &partner);

    for (size_t i = 0; code != -ECANCELED && partner.dir >= 0 && i < g->count; i++) {
        code = join(u, g->first[i].path, &partner);
        joined += !code;
    }
    bool whole = partner.dir >= 0 && fstatat(partner.dir, partner.name, &partner.st, AT_SYMLINK_NOFOLLOW) == 0 &&
                 (int64_t)partner.st.st_nlink >= g->names;
    *ret_apart += whole ? g->count - joined : g->count;
    leave(&partner);
    return code == -ECANCELED ? code : 0;
}

static void tell_apart(struct undo *u, size_t apart)
{
    char text[200];

    if (!apart)
        return;
    snprintf(text, sizeof text, "%zu of the files that are back %s once linked to names that changed since, are gone, "
             "or lie outside of the project: what they hold is right, those links are not there again", apart,
             apart == 1 ? "was" : "were");
    report_note(&u->report, "ELINKS", text);
}

int links_restore(struct undo *u)
{
    struct groups g = {.u = u};
    struct tree_visitor visitor = {.name = see_name, .arg = &g, .cancel = u->cancel};
    size_t apart = 0;

    if (!u->linked.count || u->top < 0)
        return 0;
    make_groups(&g);
    int code = tree_walk(u->root, u->past.replica, &visitor);
    for (size_t i = 0; !code && i < g.count; i++)
        code = restore_group(u, &g.list[i], &apart);
    free_groups(&g);
    if (!code)
        tell_apart(u, apart);
    return code;
}
