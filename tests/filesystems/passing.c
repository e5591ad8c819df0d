/*
 * What the filesystems of these tests share: all is passed on to the folder behind, but for what passing.h says.
 */
#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "passing.h"

struct passing passing = {.folder = -1};

#define folder passing.folder

/* "/a/b" to "a/b", "/" to "." */
static const char *plain(const char *path) { return path[1] ? path + 1 : "."; }
static const char *below(const char *path) { return passing.below ? passing.below(plain(path)) : plain(path); }

static int done(int result) { return result < 0 ? -errno : 0; }

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *fi)
{
    int result = fi ? fstat((int)fi->fh, st) : fstatat(folder, below(path), st, AT_SYMLINK_NOFOLLOW);

    if (passing.owner)
        st->st_uid = st->st_gid = passing.owner;
    if (passing.solid && result == 0 && S_ISREG(st->st_mode))
        st->st_blocks = (st->st_size + 511) / 512;
    return done(result);
}

static int read_link(const char *path, char *target, size_t size)
{
    ssize_t n = readlinkat(folder, below(path), target, size - 1);

    if (n < 0)
        return -errno;
    target[n] = 0;
    return 0;
}

static int make_folder(const char *path, mode_t mode) { return done(mkdirat(folder, below(path), mode)); }
static int remove_name(const char *path) { return done(unlinkat(folder, below(path), 0)); }
static int remove_folder(const char *path) { return done(unlinkat(folder, below(path), AT_REMOVEDIR)); }
static int make_symlink(const char *target, const char *path) { return done(symlinkat(target, folder, below(path))); }
static int make_link(const char *from, const char *to) { return done(linkat(folder, below(from), folder, below(to), 0)); }

static int rename_name(const char *from, const char *to, unsigned flags)
{
    const char *source = below(from), *target = passing.renamed ? passing.renamed(source, plain(to)) : plain(to);

    return done(renameat2(folder, source, folder, target, flags));
}

static int change_mode(const char *path, mode_t mode, struct fuse_file_info *fi)
{
    return done(fi ? fchmod((int)fi->fh, mode) : fchmodat(folder, below(path), mode, 0));
}

static int change_owner(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *fi)
{
    (void)fi;
    return done(fchownat(folder, below(path), uid, gid, AT_SYMLINK_NOFOLLOW));
}

static int cut(const char *path, off_t size, struct fuse_file_info *fi)
{
    if (fi)
        return done(ftruncate((int)fi->fh, size));
    int fd = openat(folder, below(path), O_WRONLY | O_NOFOLLOW);
    int code = fd < 0 ? -errno : done(ftruncate(fd, size));
    if (fd >= 0)
        close(fd);
    return code;
}

static int set_times(const char *path, const struct timespec times[2], struct fuse_file_info *fi)
{
    (void)fi;
    return passing.drops_times ? 0 : done(utimensat(folder, below(path), times, AT_SYMLINK_NOFOLLOW));
}

static int open_file(const char *path, struct fuse_file_info *fi)
{
    int fd = openat(folder, below(path), fi->flags & ~O_NOFOLLOW);

    fi->fh = (uint64_t)fd;
    return fd < 0 ? -errno : 0;
}

static int create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
    int fd = openat(folder, below(path), fi->flags | O_CREAT, mode);

    fi->fh = (uint64_t)fd;
    return fd < 0 ? -errno : 0;
}

static int read_bytes(const char *path, char *data, size_t size, off_t at, struct fuse_file_info *fi)
{
    (void)path;
    ssize_t n = pread((int)fi->fh, data, size, at);
    return n < 0 ? -errno : (int)n;
}

static int write_bytes(const char *path, const char *data, size_t size, off_t at, struct fuse_file_info *fi)
{
    (void)path;
    ssize_t n = pwrite((int)fi->fh, data, size, at);
    return n < 0 ? -errno : (int)n;
}

static int sync_file(const char *path, int data, struct fuse_file_info *fi)
{
    (void)path, (void)data;
    return done(fsync((int)fi->fh));
}

static int close_file(const char *path, struct fuse_file_info *fi)
{
    (void)path;
    return done(close((int)fi->fh));
}

static int read_folder(const char *path, void *names, fuse_fill_dir_t fill, off_t at, struct fuse_file_info *fi,
                       enum fuse_readdir_flags flags)
{
    int fd = openat(folder, below(path), O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    (void)at, (void)fi, (void)flags;
    if (!dir)
        return -errno;
    for (struct dirent *d; (d = readdir(dir));)
        fill(names, d->d_name, NULL, 0, 0);
    closedir(dir);
    return 0;
}

static int tell_room(const char *path, struct statvfs *st)
{
    (void)path;
    return done(fstatvfs(folder, st));
}

/* Inode numbers are the folder's, and nothing is answered from memory: what was not kept shows at once. */
static void *start(struct fuse_conn_info *connection, struct fuse_config *config)
{
    (void)connection;
    config->use_ino = 1;
    config->nullpath_ok = 0;
    config->attr_timeout = config->entry_timeout = config->negative_timeout = 0;
    return NULL;
}

static const struct fuse_operations operations = {
    .init = start, .getattr = get_attributes, .readlink = read_link, .mkdir = make_folder, .unlink = remove_name,
    .rmdir = remove_folder, .symlink = make_symlink, .rename = rename_name, .link = make_link, .chmod = change_mode,
    .chown = change_owner, .truncate = cut, .utimens = set_times, .open = open_file, .create = create,
    .read = read_bytes, .write = write_bytes, .fsync = sync_file, .release = close_file, .readdir = read_folder,
    .statfs = tell_room,
};

int passing_serve(int argc, char **argv)
{
    char options[PATH_MAX + 64], *arguments[] = {argv[0], "-f", "-o", options, argc == 3 ? argv[2] : NULL};

    snprintf(options, sizeof options, "default_permissions%s%s", argc == 3 && *argv[1] == '/' ? ",fsname=" : "",
             argc == 3 && *argv[1] == '/' ? argv[1] : "");
    if (argc != 3) {
        fprintf(stderr, "usage: %s FOLDER MOUNTPOINT\n", argv[0]);
        return 2;
    }
    folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        perror(argv[1]);
        return 1;
    }
    umask(0);
    return fuse_main(5, arguments, &operations, NULL);
}
