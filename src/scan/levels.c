#include "scan/levels.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/spelling.h"
#include "index/apart.h"
#include "index/pair.h"
#include "scan/folder.h"

/* Make room for one more at the end of an array that doubles at powers of two, and return its place. */
static void *more(void **array, size_t *count, size_t size)
{
    if ((*count & (*count - 1)) == 0)
        *array = mem_realloc(*array, (*count ? *count * 2 : 1) * size);
    return (char *)*array + (*count)++ * size;
}

#define MORE(array, count) ((__typeof__(array))more((void **)&(array), &(count), sizeof *(array)))

static const char *join(struct levels *l, const char *a, const char *b)
{
    size_t len = strlen(a) + 1 + strlen(b);
    char *path = arena_alloc(&l->strings, len + 1);

    snprintf(path, len + 1, "%s/%s", a, b);
    return path;
}

static const char *keep(struct levels *l, const char *text) { return arena_strndup(&l->strings, text, strlen(text)); }

static void add_unread(struct levels *l, int64_t category, const char *client, const char *project, const char *path,
                       int err)
{
    *MORE(l->unread, l->unread_count) =
        (struct level_unread){.category = category, .client = client, .project = project, .path = path, .err = err};
}

static void add_replica(struct levels *l, const struct level_category *c, const char *client, const char *project)
{
    const char *folder = join(l, c->path, client);

    *MORE(l->replicas, l->replica_count) = (struct level_replica){
        .category = c, .client = client, .project = project, .path = join(l, folder, project)};
}

static bool is_folder(const struct entry *e) { return S_ISDIR(e->mode) && !e->mount && !e->err; }

static void add_loose(struct levels *l, const struct level_category *c, const char *client, const struct entry *e)
{
    *MORE(l->loose, l->loose_count) = (struct level_loose){
        .category = c->id,
        .path = client ? join(l, client, e->name) : keep(l, e->name),
        .kind = entry_kind(e),
        .size = e->size,
    };
}

/* An entry whose kind is not known may be a client or a project: what is known of it must not be forgotten. */
static void judge_loose(struct levels *l, const struct level_category *c, const char *client, const struct entry *e)
{
    add_loose(l, c, client, e);
    if (!e->err && !e->mount)
        return;
    const char *name = keep(l, e->name), *folder = client ? join(l, c->path, client) : c->path;
    add_unread(l, c->id, client ? client : name, client ? name : NULL, join(l, folder, name), e->err ? e->err : EXDEV);
}

/* Read the folder at path. 0, or a positive errno. */
static int read_folder(int root, const char *path, struct folder *f)
{
    struct entry self;
    uint64_t mount;

    int fd = path_open_dir(root, path);
    if (fd < 0)
        return -fd;
    int code = folder_self(fd, &self, &mount);
    if (!code)
        code = folder_read(f, fd, mount);
    close(fd);
    return -code;
}

static void add_litter(struct levels *l, const struct level_category *c, const char *client, const struct folder *f)
{
    for (size_t i = 0; i < f->temp_count; i++)
        litter_add(&l->litter, c->id, client, &f->temps[i]);
}

static void read_client(struct levels *l, int root, const struct level_category *c, const char *client)
{
    const char *path = join(l, c->path, client);
    struct folder f = {0};

    int err = read_folder(root, path, &f);
    if (err)
        add_unread(l, c->id, client, NULL, path, err);
    for (size_t i = 0; i < f.count; i++) {
        if (is_folder(&f.entries[i]))
            add_replica(l, c, client, keep(l, f.entries[i].name));
        else
            judge_loose(l, c, client, &f.entries[i]);
    }
    add_litter(l, c, client, &f);
    folder_free(&f);
}

void levels_refuse(struct levels *l, const struct level_category *c, const struct error *err)
{
    add_unread(l, c->id, NULL, NULL, c->path, err->errnum);
    l->unread[l->unread_count - 1].code = keep(l, err->code);
    l->unread[l->unread_count - 1].message = keep(l, err->message);
}

void levels_read(struct levels *l, int root, const struct level_category *c)
{
    struct folder f = {0};

    int err = read_folder(root, c->path, &f);
    if (err && err != ENOENT)
        add_unread(l, c->id, NULL, NULL, c->path, err);
    for (size_t i = 0; i < f.count; i++) {
        if (!is_folder(&f.entries[i])) {
            judge_loose(l, c, NULL, &f.entries[i]);
            continue;
        }
        const char *client = keep(l, f.entries[i].name);
        *MORE(l->clients, l->client_count) = (struct level_client){.category = c->id, .name = client};
        read_client(l, root, c, client);
    }
    add_litter(l, c, "", &f);
    folder_free(&f);
}

void levels_look(struct levels *l, int root, const struct level_category *c, const char *client, const char *project)
{
    const char *path = join(l, join(l, c->path, client), project);

    int fd = path_open(root, path, O_PATH | O_DIRECTORY, 0);
    int spelled = fd < 0 ? SPELLED_SO : spelling_check(root, "", path, SPELLING_OF_REPLICA, NULL);
    if (fd >= 0 && spelled < 0) {
        close(fd);
        fd = spelled;
    }
    size_t mount = fd < 0 ? 0 : apart_find_mount(root, c->path, path);
    if (fd >= 0 && mount) {
        close(fd);
        add_unread(l, c->id, keep(l, client), keep(l, project), arena_strndup(&l->strings, path, mount), EXDEV);
    } else if (fd >= 0 && spelled == SPELLED_OTHERWISE) {    /* that is another project's folder: this one is not there */
        close(fd);
    } else if (fd >= 0) {
        close(fd);
        add_replica(l, c, keep(l, client), keep(l, project));
    } else if (!path_is_absent(fd)) {
        add_unread(l, c->id, keep(l, client), keep(l, project), path, -fd);
    }
}

void levels_free(struct levels *l)
{
    free(l->replicas);
    free(l->clients);
    free(l->loose);
    free(l->unread);
    litter_free(&l->litter);
    arena_free(&l->strings);
    *l = (struct levels){0};
}
