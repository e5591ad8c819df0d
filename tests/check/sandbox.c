#include "sandbox.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define NOBODY 65534
#define MOST_LINKS 30000
#define WELL_BEHIND INT64_C(40000000)    /* ns: twice the tick of a local filesystem (index/filesystem.h) */

const char *sandbox_make(void)
{
    static char folder[256];
    const char *tmp = getenv("TMPDIR");

    snprintf(folder, sizeof folder, "%s/autobackup-check-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    return folder;
}

char *sandbox_run(const char *fmt, ...)
{
    struct buf out = {0};
    char *line = NULL;
    va_list args;
    size_t got;

    va_start(args, fmt);
    ck_assert_int_ge(vasprintf(&line, fmt, args), 0);
    va_end(args);
    FILE *pipe = popen(line, "r");
    ck_assert_ptr_nonnull(pipe);
    do {
        buf_reserve(&out, 4096);
        got = fread(out.data + out.len, 1, 4096, pipe);
        out.len += got;
    } while (got);
    int status = pclose(pipe);
    ck_assert_msg(status == 0, "status %d: %s", status, line);
    free(line);
    return buf_take(&out);
}

void sandbox_remove(const char *folder) { free(sandbox_run("chmod -R u+rwX '%s'; rm -rf '%s'", folder, folder)); }

static void make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0755);
        *slash = '/';
    }
}

void sandbox_write(const char *folder, const char *name, const void *bytes, size_t len)
{
    char *path = NULL;

    ck_assert_int_ge(asprintf(&path, "%s/%s", folder, name), 0);
    make_parents(path);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
    ck_assert_int_eq(fclose(f), 0);
    free(path);
}

void sandbox_many(const char *folder, const char *name, const char *prefix, int count)
{
    static const struct timespec times[2] = {{.tv_sec = 7}, {.tv_sec = 7}};
    char path[512], first[256], other[256];

    sandbox_folder(folder, name);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int dir = open(path, O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(dir, 0);
    for (int i = 0; i < count; i++) {
        snprintf(other, sizeof other, "%s%d", prefix, i);
        if (i % MOST_LINKS) {
            ck_assert_int_eq(linkat(dir, first, dir, other, 0), 0);
            continue;
        }
        memcpy(first, other, sizeof first);
        close(openat(dir, first, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
        ck_assert_int_eq(utimensat(dir, first, times, 0), 0);
    }
    close(dir);
}

void sandbox_text(const char *folder, const char *name, const char *text)
{
    sandbox_write(folder, name, text, strlen(text));
}

void sandbox_folder(const char *folder, const char *name)
{
    char *path = NULL;

    ck_assert_int_ge(asprintf(&path, "%s/%s/", folder, name), 0);
    make_parents(path);
    free(path);
}

/* A file's own time, as it is changed now. */
static int64_t touch(int fd)
{
    struct stat st;

    ck_assert_int_eq(futimens(fd, NULL), 0);
    ck_assert_int_eq(fstat(fd, &st), 0);
    return st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
}

void sandbox_let_time_pass(const char *folder)
{
    char *path = NULL;

    ck_assert_int_ge(asprintf(&path, "%s/clock", folder), 0);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    int64_t before = touch(fd);
    while (touch(fd) - before < WELL_BEHIND)
        sched_yield();
    close(fd);
    unlink(path);
    free(path);
}

void sandbox_skip(const char *why) { fprintf(stderr, "skipped: %s\n", why); }

bool sandbox_drop_root(const char *folder)
{
    if (geteuid() != 0)
        return true;
    free(sandbox_run("chown -R %d '%s'", NOBODY, folder));
    if (setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0)
        return true;
    sandbox_skip("cannot become an ordinary user");
    return false;
}

/* A file of /proc/self takes its text in one write. */
static bool told(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    bool taken = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return taken;
}

/* Unsharing succeeds where a policy (AppArmor's) then refuses every use of it: what counts is that a mount can be made. */
static bool own_mounts(void)
{
    char uids[40], gids[40];
    bool root = geteuid() == 0;

    snprintf(uids, sizeof uids, "0 %u 1", geteuid());
    snprintf(gids, sizeof gids, "0 %u 1", getegid());
    if (unshare(CLONE_NEWNS | (root ? 0 : CLONE_NEWUSER)) < 0)
        return false;
    if (!root && !(told("/proc/self/setgroups", "deny") && told("/proc/self/uid_map", uids) && told("/proc/self/gid_map", gids)))
        return false;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

bool sandbox_own_mounts(void)
{
    if (own_mounts())
        return true;
    sandbox_skip("mounts of one's own need root or user namespaces");
    return false;
}
