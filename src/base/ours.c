#include "base/ours.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"

#define FOLDER_BITS ((mode_t)(S_ISVTX | S_ISGID | 0777))
#define OWN ((mode_t)0700)

/* A mode whose group is another one than that which the root means: nobody gets in as the wrong group. */
static mode_t without_group(mode_t mode) { return (mode & ~(mode_t)(S_ISGID | 0070)) | ((mode & 0007) << 3); }

/* Give it the group, and a mode that goes with it. What the filesystem refuses, it has not. */
static void settle(int fd, mode_t mode, gid_t group)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return;
    if (st.st_gid != group && fchown(fd, (uid_t)-1, group) == 0)
        st.st_gid = group;
    if (st.st_gid != group)
        mode = without_group(mode);
    if ((st.st_mode ^ mode) & 07777)
        (void)fchmod(fd, mode);
}

/* What a new folder below .autobackup gets: the root's, and no more than `like` has, when there is one. */
static void settle_folder(int root, int fd, const char *like)
{
    struct stat st, live;

    if (fstat(root, &st) < 0)
        return;
    mode_t mode = (st.st_mode & FOLDER_BITS) | OWN;
    int model = like && *like ? path_open(root, like, O_PATH | O_DIRECTORY, 0) : -1;
    if (model >= 0 && fstat(model, &live) == 0) {
        mode &= live.st_mode | OWN | S_ISGID | S_ISVTX;
        if (live.st_gid != st.st_gid)
            mode = without_group(mode);
    }
    if (model >= 0)
        close(model);
    settle(fd, mode, st.st_gid);
}

static int open_folder(int dir, const char *name, int access)
{
    int fd = openat(dir, name, access | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* The path of the folder that the one ending at `end` stands for, to be freed; NULL when it stands for none. */
static char *model_of(const char *end, const char *like)
{
    return like && end > like ? mem_strndup(like, (size_t)(end - like)) : NULL;
}

static int make(int root, int dir, const char *name, const char *like)
{
    if (mkdirat(dir, name, OWN) < 0)
        return errno == EEXIST ? open_folder(dir, name, O_RDONLY) : -errno;
    int fd = open_folder(dir, name, O_RDONLY);
    if (fd >= 0)
        settle_folder(root, fd, like);
    return fd;
}

/* One step: the folder whose name is from..end of path. */
static int enter(int root, int dir, const char *from, const char *end, const char *like)
{
    char *name = mem_strndup(from, (size_t)(end - from));
    int fd = strcmp(name, "..") == 0 ? -EXDEV : open_folder(dir, name, *end ? O_PATH : O_RDONLY);

    if (fd == -ENOENT) {
        char *model = model_of(end, like);
        fd = make(root, dir, name, model);
        free(model);
    }
    free(name);
    return fd;
}

int ours_make_dirs(int root, const char *path, const char *like)
{
    int dir, fd = *path == '/' ? -EXDEV : open_folder(root, ".", O_RDONLY);

    for (const char *from = path, *end; fd >= 0 && *from; from = end + strspn(end, "/")) {
        end = from + strcspn(from, "/");
        dir = fd;
        fd = enter(root, dir, from, end, like);
        close(dir);
    }
    return fd;
}

void ours_share(int root, int fd)
{
    struct stat st, own;

    if (fstat(root, &st) == 0 && fstat(fd, &own) == 0 && own.st_uid == geteuid())
        settle(fd, (st.st_mode & 0666) | 0600, st.st_gid);
}

static bool lacks(const struct stat *st, const struct stat *root)
{
    return st->st_uid == geteuid() && ((root->st_mode & ~st->st_mode & FOLDER_BITS) || st->st_gid != root->st_gid);
}

void ours_mend(int root)
{
    static const char *const folders[] = {OUR_FOLDER, OUR_FOLDER "/operations", OUR_FOLDER "/versions"};
    struct stat st, own;

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        int fd = path_open_dir(root, folders[i]);
        if (fd < 0)
            continue;
        if (fstat(root, &st) == 0 && fstat(fd, &own) == 0 && lacks(&own, &st))
            settle_folder(root, fd, NULL);
        close(fd);
    }
}

/* Are we kept out of this folder? */
static bool is_shut(int root, const char *path, struct stat *ret_st)
{
    const char *name;
    int dir = path_open_parent(root, path, &name);
    bool shut = dir >= 0 && fstatat(dir, name, ret_st, AT_SYMLINK_NOFOLLOW) == 0 &&
                faccessat(dir, name, W_OK | X_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) < 0 && errno == EACCES;

    if (dir >= 0)
        close(dir);
    return shut;
}

long ours_find_owner(int root, const char *path, char **ret_path)
{
    struct stat st;

    for (const char *end = path; *end;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char *part = mem_strndup(path, (size_t)(end - path));
        if (is_shut(root, part, &st)) {
            *ret_path = part;
            return (long)st.st_uid;
        }
        free(part);
    }
    return -1;
}
