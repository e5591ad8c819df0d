#include "scan/measure.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/sum.h"
#include "scan/folder.h"

struct measure {
    int root;
    uint64_t mount;
    int64_t deadline;
    const atomic_bool *cancel;
    char **folders;          /* still to be read, owned */
    size_t count, room;
    bool ended;              /* time is up */
    struct measured sum;
};

static void push(struct measure *m, const char *path, const char *name)
{
    struct buf joined = {0};

    if (m->count == m->room) {
        m->room = m->room ? m->room * 2 : 64;
        m->folders = mem_realloc(m->folders, m->room * sizeof *m->folders);
    }
    if (name)
        buf_printf(&joined, "%s/%s", path, name);
    else
        buf_printf(&joined, "%s", path);
    m->folders[m->count++] = mem_strdup(buf_str(&joined));
    buf_free(&joined);
}

static bool is_over(struct measure *m)
{
    m->ended = m->ended || clock_monotonic() > m->deadline || (m->cancel && atomic_load(m->cancel));
    return m->ended;
}

static void take(struct measure *m, int dir, const char *path, const struct dirent *d)
{
    struct stat st;

    if (d->d_type == DT_DIR) {
        push(m, path, d->d_name);
    } else if (d->d_type == DT_REG || d->d_type == DT_UNKNOWN) {
        if (fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0) {
            m->sum.whole = false;
        } else if (S_ISREG(st.st_mode)) {
            m->sum.files++;
            m->sum.bytes = sum_add(m->sum.bytes, st.st_size);
        } else if (S_ISDIR(st.st_mode)) {
            push(m, path, d->d_name);
        }
    }
}

static void read_names(struct measure *m, DIR *dir, const char *path)
{
    for (;;) {
        errno = 0;
        const struct dirent *d = readdir(dir);
        if (!d) {
            m->sum.whole = m->sum.whole && errno == 0;
            return;
        }
        if (is_over(m))
            return;
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            take(m, dirfd(dir), path, d);
    }
}

static void read_folder(struct measure *m, const char *path, bool is_top)
{
    struct entry self;
    uint64_t mount;

    int fd = path_open_dir(m->root, path);
    if (fd < 0 || folder_self(fd, &self, &mount) < 0 || (!is_top && mount != m->mount)) {
        m->sum.whole = false;
        if (fd >= 0)
            close(fd);
        return;
    }
    m->mount = mount;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        m->sum.whole = false;
        close(fd);
        return;
    }
    read_names(m, dir, path);
    closedir(dir);
}

struct measured measure_tree(int root, const char *path, int64_t deadline, const atomic_bool *cancel)
{
    struct measure m = {.root = root, .deadline = deadline, .cancel = cancel, .sum.whole = true};
    bool is_top = true;

    push(&m, path, NULL);
    while (m.count && !is_over(&m)) {
        char *folder = m.folders[--m.count];
        read_folder(&m, folder, is_top);
        is_top = false;
        free(folder);
    }
    m.sum.whole = m.sum.whole && !m.ended;
    while (m.count)
        free(m.folders[--m.count]);
    free(m.folders);
    return m.sum;
}
