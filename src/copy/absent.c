#include "copy/absent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"

/* A directory that was removed while it was open has no names, and says nothing of those that it had. */
static int check_alive(int dir)
{
    struct stat st;

    if (fstat(dir, &st) < 0)
        return -errno;
    return st.st_nlink ? 0 : -ESTALE;
}

static int look(int dir, const char *name)
{
    struct stat st;
    int code = check_alive(dir);

    if (code)
        return code;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return S_ISSOCK(st.st_mode) ? 0 : -EEXIST;    /* which is nothing of a replica */
    return errno == ENOENT ? 0 : -errno;
}

/* dir: the source's directory, or -errno of opening it. Where there is none there is no name in it either. */
static int look_in(const struct work *w, int dir, const char *name)
{
    if (dir >= 0)
        return look(dir, name);
    return path_is_absent(dir) && w->source.top >= 0 ? check_alive(w->source.top) : dir;
}

static bool settle(struct work *w, struct subject subject, int code)
{
    char why[160];

    if (!code)
        return true;
    if (code == -EEXIST) {
        report_problem(&w->report, subject, "ECHANGED",
                       "is there at the source, though what the catalog knew of it says otherwise by now: left alone; "
                       "run it again", true);
        return false;
    }
    const char *text = strerrordesc_np(-code);
    snprintf(why, sizeof why, "nobody can say whether the source has it (%s): left alone", text ? text : "error");
    report_problem(&w->report, subject, error_name(-code), why, false);
    return false;
}

/* What an as-of copy takes its files from is no folder that one could look at: it was put together, and does not change. */
static bool is_put_together(const struct work *w) { return w->request->layers != NULL; }

/*
 * It goes because the source has another type there, or above it. dir: as in look_in, which no folder of the source is where
 * the item lies in one that goes.
 */
static int look_cleared(int dir, const struct item *item)
{
    struct stat st;

    if (dir < 0)
        return path_is_absent(dir) ? 0 : dir;
    if (fstatat(dir, item->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    return (st.st_mode & S_IFMT) == (item->right.mode & S_IFMT) ? -EEXIST : 0;
}

bool absent_item(struct work *w, const struct item *item)
{
    if (is_put_together(w))
        return true;
    int dir = twin_source(item->twin);
    int code = item->clears ? look_cleared(dir, item) : look_in(w, dir, item->name);
    if (dir >= 0)
        twin_source_done(item->twin);
    return settle(w, item_subject(item), code);
}

bool absent_directory(struct work *w, const char *path)
{
    const char *name;

    if (is_put_together(w))
        return true;
    int dir = w->source.top < 0 ? w->source.top : path_open_parent(w->source.top, path, &name);
    int code = look_in(w, dir, dir >= 0 ? name : "");
    if (dir >= 0)
        close(dir);
    return settle(w, (struct subject){.dir = path, .name = ""}, code);
}
