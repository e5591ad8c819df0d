#include "index/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount/libmount.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define MOUNTS "/proc/self/mountinfo"
#define FRESH NSEC_PER_SEC

/* Of a kernel before 5.8. */
static int number_in_fdinfo(int fd)
{
    char path[64], line[256];
    int number = -1;

    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    FILE *file = fopen(path, "re");
    while (file && number < 0 && fgets(line, sizeof line, file))
        (void)sscanf(line, "mnt_id: %d", &number);
    if (file)
        fclose(file);
    return number;
}

int mount_number(int fd)
{
    struct statx st;

    if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0 && st.stx_mask & STATX_MNT_ID)
        return (int)st.stx_mnt_id;
    return number_in_fdinfo(fd);
}

/* A line that libmount does not understand is passed over, and it says nothing about it. */
static int pass_over(struct libmnt_table *table, const char *file, int line)
{
    (void)table, (void)file, (void)line;
    return 1;
}

static struct libmnt_table *read_table(const char *path)
{
    struct libmnt_table *table = mnt_new_table();

    if (!table)
        abort();
    mnt_table_set_parser_errcb(table, pass_over);
    if (mnt_table_parse_file(table, path) == 0)
        return table;
    mnt_unref_table(table);
    return NULL;
}

/*
 * The kernel's table, parsed once for all who ask while it does not change: the kernel says so to who polls the file. Not for
 * longer than a second, for a kernel that does not.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    struct libmnt_table *table;
    int fd;
    int64_t until;
} kept = {.fd = -1};

static bool is_fresh(void)
{
    struct pollfd file = {.fd = kept.fd, .events = POLLPRI};

    return kept.table && clock_monotonic() < kept.until && poll(&file, 1, 0) == 0;
}

/* The table, or NULL; until give_table nobody else has it. */
static struct libmnt_table *take_table(void)
{
    pthread_mutex_lock(&lock);
    if (is_fresh())
        return kept.table;
    mnt_unref_table(kept.table);
    if (kept.fd >= 0)
        close(kept.fd);
    kept.until = clock_monotonic() + FRESH;
    kept.fd = open(MOUNTS, O_RDONLY | O_CLOEXEC);    /* before it is read: what changes then is said too */
    kept.table = read_table(MOUNTS);
    return kept.table;
}

static void give_table(void) { pthread_mutex_unlock(&lock); }

static char *text_of(const char *text) { return mem_strdup(text ? text : ""); }

static struct mount take(struct libmnt_fs *fs)
{
    return (struct mount){
        .id = mnt_fs_get_id(fs), .dev = mnt_fs_get_devno(fs), .type = text_of(mnt_fs_get_fstype(fs)), .source = text_of(mnt_fs_get_source(fs)),
        .options = text_of(mnt_fs_get_fs_options(fs)), .target = text_of(mnt_fs_get_target(fs)),
        .root = text_of(mnt_fs_get_root(fs)),
    };
}

int mount_of(int fd, struct mount *ret_mount)
{
    int number = mount_number(fd), code = -ENOENT;
    struct libmnt_table *table = take_table();
    struct libmnt_iter *each = mnt_new_iter(MNT_ITER_FORWARD);
    struct libmnt_fs *fs;

    while (table && number >= 0 && code && mnt_table_next_fs(table, each, &fs) == 0) {
        if (mnt_fs_get_id(fs) == number) {
            *ret_mount = take(fs);
            code = 0;
        }
    }
    mnt_free_iter(each);
    give_table();
    return code;
}

void mount_free(struct mount *m)
{
    free(m->type);
    free(m->source);
    free(m->options);
    free(m->target);
    free(m->root);
    *m = (struct mount){0};
}

int mount_list(struct mount **ret_list, size_t *ret_count)
{
    struct libmnt_table *table = take_table();
    struct libmnt_iter *each = mnt_new_iter(MNT_ITER_FORWARD);
    struct libmnt_fs *fs;
    size_t count = 0;

    struct mount *list = mem_zalloc(((size_t)(table ? mnt_table_get_nents(table) : 0) + 1) * sizeof *list);
    while (table && mnt_table_next_fs(table, each, &fs) == 0)
        list[count++] = take(fs);
    mnt_free_iter(each);
    give_table();
    if (!count) {
        free(list);
        return -ENOENT;
    }
    *ret_list = list;
    *ret_count = count;
    return 0;
}

void mount_list_free(struct mount *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mount_free(&list[i]);
    free(list);
}

/* What an ordinary user mounts may call itself anything: only root mounts these. */
static bool names_its_device(const char *type)
{
    return strcmp(type, "fuseblk") == 0 || strncmp(type, "fuse", 4) != 0;
}

bool mount_device(const struct mount *m, dev_t *ret_device)
{
    struct stat st;

    if (major(m->dev)) {
        *ret_device = m->dev;
        return true;
    }
    if (!names_its_device(m->type) || m->source[0] != '/' || stat(m->source, &st) < 0 || !S_ISBLK(st.st_mode))
        return false;
    *ret_device = st.st_rdev;
    return true;
}

static size_t without_slashes(const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    return len;
}

bool mount_covers(const char *target, const char *path)
{
    size_t len = without_slashes(target);

    return strcmp(target, "/") == 0 || (strncmp(target, path, len) == 0 && (path[len] == '\0' || path[len] == '/'));
}

static bool is_mounted(struct libmnt_table *now, const char *target)
{
    return now && mnt_table_find_target(now, target, MNT_ITER_BACKWARD) != NULL;
}

bool mount_is_missing(const char *path, char **ret_source, char **ret_target)
{
    struct libmnt_table *wanted = read_table(mnt_get_fstab_path()), *now = read_table(MOUNTS);
    struct libmnt_iter *each = mnt_new_iter(MNT_ITER_FORWARD);
    struct libmnt_fs *fs;
    bool found = false;

    while (wanted && !found && mnt_table_next_fs(wanted, each, &fs) == 0) {
        const char *target = mnt_fs_get_target(fs), *source = mnt_fs_get_source(fs);
        found = target && target[0] == '/' && target[1] && mount_covers(target, path) && !mnt_fs_is_swaparea(fs) &&
                !is_mounted(now, target);
        if (found) {
            *ret_source = text_of(source);
            *ret_target = mem_strndup(target, without_slashes(target));
        }
    }
    mnt_free_iter(each);
    mnt_unref_table(wanted);
    mnt_unref_table(now);
    return found;
}
