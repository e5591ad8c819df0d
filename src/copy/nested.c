#include "copy/nested.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

static int id_of(int root, const char *path, struct folder_id *ret_id)
{
    struct stat st;
    int fd = path_open(root, path, O_PATH | O_DIRECTORY, 0);
    int code = fd < 0 ? fd : fstat(fd, &st) < 0 ? -errno : 0;

    if (fd >= 0)
        close(fd);
    if (!code)
        *ret_id = (struct folder_id){.dev = st.st_dev, .ino = st.st_ino};
    return code;
}

static void add(struct nested_way *way, struct folder_id id)
{
    way->folders = mem_realloc(way->folders, (way->count + 1) * sizeof *way->folders);
    way->folders[way->count++] = id;
}

/* As far as it is there. */
static int find_way(int root, const char *path, struct nested_way *ret_way)
{
    char *part = mem_strdup(path);
    size_t len = strlen(path), at = 0;
    int code = 0;

    while (!code) {
        struct folder_id id;
        part[at] = 0;
        code = id_of(root, part, &id);
        if (!code)
            add(ret_way, id);
        if (at == len)
            break;
        part[at] = path[at];
        at += 1 + strcspn(path + at + 1, "/");
    }
    free(part);
    return code == -ENOENT ? 0 : code;
}

static bool is_on(const struct nested_way *way, const struct folder_id *id)
{
    for (size_t i = 0; i < way->count; i++)
        if (way->folders[i].dev == id->dev && way->folders[i].ino == id->ino)
            return true;
    return false;
}

/* Most folders are none of them by their inode alone, and need not be opened. */
static bool may_be_on(const struct nested_way *way, ino_t ino)
{
    for (size_t i = 0; i < way->count; i++)
        if (way->folders[i].ino == ino)
            return true;
    return false;
}

/* dir, name: where in the replica of `outer` the other one lies. */
static int refuse_target(const struct work *w, const char *dir, const char *name, struct error *err)
{
    char *path = plan_join(dir, name), *full = plan_join(w->request->path, path);

    error_say(err, "ENESTED", EINVAL, "%s lies in what is to be copied: it is a second way (a bind mount, say) into %s/%s, so every "
              "copy would be copied with it the next time, one level deeper; give %s a folder outside of that project",
              w->target.name, w->request->source_root, full, w->target.name);
    free(full);
    free(path);
    return -EINVAL;
}

static int refuse_source(const struct work *w, const char *dir, const char *name, struct error *err)
{
    char *path = plan_join(dir, name), *full = plan_join(w->request->path, path);

    error_say(err, "ENESTED", EINVAL, "the source lies in what is to be written: %s is a second way (a bind mount, say) into %s/%s, and "
              "the copy would change its own source; copy from or to a folder outside of that project",
              w->request->source_root, w->request->target_root, full);
    free(full);
    free(path);
    return -EINVAL;
}

int nested_check(const struct work *w, struct nested *ret_nested, struct error *err)
{
    const struct transfer_request *r = w->request;
    struct nested *n = ret_nested;
    struct folder_id id;

    *n = (struct nested){.w = w, .err = err};
    if (r->layers)
        return 0;
    int code = find_way(w->source.root, r->path, &n->source);
    if (code)
        return error_set(err, -code, "%s/%s", r->source_root, r->path);
    code = find_way(w->target.root, r->path, &n->target);
    if (code)
        return error_set(err, -code, "%s/%s", r->target_root, r->path);
    if (w->source.top >= 0 && !id_of(w->source.top, "", &id) && is_on(&n->target, &id))
        return refuse_target(w, "", "", err);
    if (w->target.top >= 0 && !id_of(w->target.top, "", &id) && is_on(&n->source, &id))
        return refuse_source(w, "", "", err);
    return 0;
}

void nested_free(struct nested *n)
{
    free(n->source.folders);
    free(n->target.folders);
    *n = (struct nested){0};
}

/* Is the folder of this entry, which lies below `top`, one of those? */
static bool is_folder_on(const struct nested_way *way, int top, const struct plan_name *name, const struct entry *e)
{
    struct folder_id id;

    if (top < 0 || !e || !S_ISDIR(e->mode) || e->err || e->mount || !may_be_on(way, e->ino))
        return false;
    char *path = plan_join(name->dir->path, name->name);
    bool found = id_of(top, path, &id) == 0 && is_on(way, &id);
    free(path);
    return found;
}

int nested_look(void *arg, const struct plan_name *name)
{
    struct nested *n = arg;
    const struct work *w = n->w;

    if (*name->name && is_folder_on(&n->target, w->source.top, name, name->pair->left))
        return refuse_target(w, name->dir->path, name->name, n->err);
    if (*name->name && is_folder_on(&n->source, w->target.top, name, name->pair->right))
        return refuse_source(w, name->dir->path, name->name, n->err);
    return 0;
}
