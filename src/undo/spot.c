#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/plan.h"
#include "undo/state.h"

static int open_below(int top, const char *path) { return top < 0 ? top : path_open_dir(top, path); }

static int open_kept(struct undo *u, const char *operation, const char *path)
{
    struct buf full = {0};

    if (!operation || !manifest_is_operation(operation))
        return -ENOENT;
    buf_printf(&full, VERSIONS "/%s/%s%s%s", operation, u->past.replica, *path ? "/" : "", path);
    int fd = path_open_dir(u->root, buf_str(&full));
    buf_free(&full);
    return fd;
}

static bool is_in(const struct spot *spot, const struct step *s)
{
    return spot->path && strlen(spot->path) == s->dir_len && memcmp(spot->path, s->deed.path, s->dir_len) == 0;
}

static bool is_apart(int root, int live)
{
    struct stat a, b;
    return live >= 0 && fstat(root, &a) == 0 && fstat(live, &b) == 0 && a.st_dev != b.st_dev;
}

void spot_enter(struct undo *u, const struct step *s)
{
    struct spot *spot = &u->spot;

    if (is_in(spot, s))
        return;
    (void)spot_leave(u);
    spot->path = mem_strndup(s->deed.path, s->dir_len);
    spot->live = open_below(u->top, spot->path);
    spot->apart = u->elsewhere || is_apart(u->root, spot->live);
    spot->kept[0] = open_kept(u, u->request.undone, spot->path);
    spot->kept[1] = open_kept(u, u->past.source, spot->path);
}

static int finish(int fd, bool sync)
{
    if (fd < 0)
        return 0;
    int code = sync ? path_sync_dir(fd) : 0;
    close(fd);
    return code;
}

int spot_leave(struct undo *u)
{
    struct spot *spot = &u->spot;
    bool sync = u->dirty && (u->elsewhere || !u->fs.syncfs_reliable);

    if (!spot->path)
        return 0;
    int code = finish(spot->live, sync);
    for (int i = 0; i < 2; i++) {
        int kept = finish(spot->kept[i], sync);
        code = code ? code : kept;
    }
    free(spot->path);
    *spot = (struct spot){.live = -1, .kept = {-1, -1}};
    return code;
}
