/*
 * Faults in the C library's calls, for programs that are started with LD_PRELOAD=shim.so. $FAULTS is a list of
 *
 *     CALL PATH FIRST TIMES ACTION
 *
 * separated by ";". CALL: a name such as fsync, "a,b" for either, "*" for any. PATH: a pattern (fnmatch, where "*"
 * covers slashes) of the file that the call is about. FIRST: which of the matching calls, counted over all threads,
 * is the first that fails; TIMES: how many do (0: all from there on). ACTION:
 *
 *     errno=NAME   the call fails, undone (close: done)         kill      the program dies before the call
 *     short=N      at most N bytes are read or written          lie       the call is not done and says it was
 *     garble       the first byte written is another one        count     nothing
 *     run=PROGRAM  it runs to its end before the call
 *
 * Every hit of spec n adds a byte to the file $FAULT_HITS.n, so that a test knows what happened. A call that both fails
 * and runs a program needs two specs.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_SPECS 8

struct spec {
    char calls[200], path[PATH_MAX], action[PATH_MAX];
    unsigned long first, times;
    atomic_ulong seen;
};

static struct spec specs[MOST_SPECS];
static int count;
static char hits[PATH_MAX];
extern char **environ;

__attribute__((constructor)) static void read_specs(void)
{
    const char *text = getenv("FAULTS"), *file = getenv("FAULT_HITS");

    snprintf(hits, sizeof hits, "%s", file ? file : "");
    while (text && *text && count < MOST_SPECS) {
        struct spec *s = &specs[count];
        if (sscanf(text, " %199s %4095s %lu %lu %4095[^;]", s->calls, s->path, &s->first, &s->times, s->action) != 5) {
            fprintf(stderr, "shim: cannot read: %s\n", text);
            _exit(99);
        }
        count++;
        text = strchr(text, ';');
        text += text != NULL;
    }
    unsetenv("LD_PRELOAD");    /* not for what we run ourselves */
}

static bool names_call(const char *calls, const char *call)
{
    size_t len = strlen(call);

    if (strcmp(calls, "*") == 0)
        return true;
    for (const char *at = calls; (at = strstr(at, call)); at += len)
        if ((at == calls || at[-1] == ',') && (at[len] == ',' || !at[len]))
            return true;
    return false;
}

static void path_of(int fd, const char *name, char *ret_path)
{
    char link[64];
    size_t len = 0;

    if (!name || *name != '/') {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = syscall(SYS_readlink, fd == AT_FDCWD ? "/proc/self/cwd" : link, ret_path, PATH_MAX - 1);
        len = n < 0 ? 0 : (size_t)n;
    }
    ret_path[len] = 0;
    if (name)
        snprintf(ret_path + len, PATH_MAX - len, "%s%s", *name == '/' ? "" : "/", name);
}

static void note_hit(int n)
{
    char name[PATH_MAX + 16];

    if (!*hits)
        return;
    snprintf(name, sizeof name, "%s.%d", hits, n + 1);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    syscall(SYS_write, fd, "x", 1);
    syscall(SYS_close, fd);
}

static void run_program(char *program)
{
    char *argv[] = {program, NULL};
    pid_t pid;
    int status;

    if (posix_spawn(&pid, program, NULL, NULL, argv, environ) == 0)
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
}

static int number_of(const char *name)
{
    for (int i = 1; i < 200; i++)
        if (strerrorname_np(i) && strcmp(strerrorname_np(i), name) == 0)
            return i;
    return EIO;
}

/* What shall become of this call? An errno, or one of: */
enum { PASS = 0, LIE = -1, GARBLE = -2 };

static int judge(const char *call, int fd, const char *name, size_t *len)
{
    char path[PATH_MAX];
    int verdict = PASS, saved = errno;

    *path = 0;
    for (int i = 0; i < count; i++) {
        struct spec *s = &specs[i];
        if (!names_call(s->calls, call))
            continue;
        if (!*path)
            path_of(fd, name, path);
        if (fnmatch(s->path, path, 0) != 0)
            continue;
        unsigned long n = atomic_fetch_add(&s->seen, 1) + 1;
        if (n < s->first || (s->times && n >= s->first + s->times))
            continue;
        note_hit(i);
        if (strncmp(s->action, "run=", 4) == 0)
            run_program(s->action + 4);
        else if (strncmp(s->action, "errno=", 6) == 0)
            verdict = number_of(s->action + 6);
        else if (strncmp(s->action, "short=", 6) == 0 && len && *len > strtoul(s->action + 6, NULL, 10))
            *len = strtoul(s->action + 6, NULL, 10);
        else if (strcmp(s->action, "lie") == 0)
            verdict = LIE;
        else if (strcmp(s->action, "garble") == 0)
            verdict = GARBLE;
        else if (strcmp(s->action, "kill") == 0)
            syscall(SYS_kill, getpid(), SIGKILL);
    }
    errno = saved;
    return verdict;
}

static long outcome(int verdict)
{
    if (verdict < 0)
        return 0;
    errno = verdict;
    return -1;
}

static void *real(const char *call) { return dlsym(RTLD_NEXT, call); }

/* A call of the library by the name SYM that counts as CALL: about fd, or NAME in fd. */
#define CALL(type, sym, call, params, args, fd, name)                             \
    type sym params;                                                              \
    type sym params                                                               \
    {                                                                             \
        static type (*next) params;                                               \
        if (!next)                                                                \
            next = real(#sym);                                                    \
        int verdict = judge(call, fd, name, NULL);                                \
        return verdict ? (type)outcome(verdict) : next args;                      \
    }

/* What is written instead. It is never freed: few calls are struck. */
static void *garble(const void *data, size_t len)
{
    char *other = aligned_alloc(4096, (len + 4095) / 4096 * 4096);

    memcpy(other, data, len);
    other[0] ^= 1;
    return other;
}

/* The same for one that moves bytes. */
#define MOVE(sym, call, params, args)                                             \
    ssize_t sym params;                                                           \
    ssize_t sym params                                                            \
    {                                                                             \
        static ssize_t (*next) params;                                            \
        if (!next)                                                                \
            next = real(#sym);                                                    \
        size_t wanted = len;                                                      \
        int verdict = judge(call, fd, NULL, &len);                                \
        if (verdict == GARBLE && len && strstr(call, "write"))                    \
            data = garble(data, len);                                             \
        return verdict == LIE ? (ssize_t)wanted : verdict > 0 ? outcome(verdict) : next args; \
    }

#define TIMES const struct timespec times[2]

MOVE(read, "read", (int fd, void *data, size_t len), (fd, data, len))
MOVE(write, "write", (int fd, const void *data, size_t len), (fd, data, len))
MOVE(pread, "pread", (int fd, void *data, size_t len, off_t at), (fd, data, len, at))
MOVE(pread64, "pread", (int fd, void *data, size_t len, off_t at), (fd, data, len, at))
MOVE(pwrite, "pwrite", (int fd, const void *data, size_t len, off_t at), (fd, data, len, at))
MOVE(pwrite64, "pwrite", (int fd, const void *data, size_t len, off_t at), (fd, data, len, at))
CALL(int, fsync, "fsync", (int fd), (fd), fd, NULL)
CALL(int, fdatasync, "fdatasync", (int fd), (fd), fd, NULL)
CALL(int, syncfs, "syncfs", (int fd), (fd), fd, NULL)
CALL(int, fchown, "fchown", (int fd, uid_t u, gid_t g), (fd, u, g), fd, NULL)
CALL(int, fchownat, "fchown", (int fd, const char *n, uid_t u, gid_t g, int f), (fd, n, u, g, f), fd, n)
CALL(int, fchmod, "fchmod", (int fd, mode_t mode), (fd, mode), fd, NULL)
CALL(int, futimens, "utimensat", (int fd, TIMES), (fd, times), fd, NULL)
CALL(int, utimensat, "utimensat", (int fd, const char *n, TIMES, int f), (fd, n, times, f), fd, n)
CALL(int, fsetxattr, "setxattr", (int fd, const char *n, const void *v, size_t len, int f), (fd, n, v, len, f), fd,
     NULL)
CALL(int, lsetxattr, "setxattr", (const char *p, const char *n, const void *v, size_t len, int f), (p, n, v, len, f),
     AT_FDCWD, p)
CALL(ssize_t, fgetxattr, "getxattr", (int fd, const char *n, void *v, size_t len), (fd, n, v, len), fd, NULL)
CALL(ssize_t, flistxattr, "getxattr", (int fd, char *v, size_t len), (fd, v, len), fd, NULL)
CALL(int, flock, "flock", (int fd, int op), (fd, op), fd, NULL)
CALL(int, ftruncate, "ftruncate", (int fd, off_t len), (fd, len), fd, NULL)
CALL(int, ftruncate64, "ftruncate", (int fd, off_t len), (fd, len), fd, NULL)
CALL(int, fallocate, "fallocate", (int fd, int m, off_t at, off_t len), (fd, m, at, len), fd, NULL)
CALL(off_t, lseek, "lseek", (int fd, off_t at, int w), (fd, at, w), fd, NULL)
CALL(int, mkdirat, "mkdirat", (int fd, const char *n, mode_t mode), (fd, n, mode), fd, n)
CALL(int, unlinkat, "unlinkat", (int fd, const char *n, int f), (fd, n, f), fd, n)
CALL(int, symlinkat, "symlinkat", (const char *to, int fd, const char *n), (to, fd, n), fd, n)
CALL(int, mknodat, "mknodat", (int fd, const char *n, mode_t mode, dev_t dev), (fd, n, mode, dev), fd, n)
CALL(int, linkat, "linkat", (int a, const char *n, int fd, const char *m, int f), (a, n, fd, m, f), fd, m)
CALL(int, renameat, "renameat", (int a, const char *n, int fd, const char *m), (a, n, fd, m), fd, m)
CALL(int, renameat2, "renameat2", (int a, const char *n, int fd, const char *m, unsigned f), (a, n, fd, m, f), fd, m)
CALL(int, fstat, "statx", (int fd, struct stat *st), (fd, st), fd, NULL)
CALL(int, fstatat, "statx", (int fd, const char *n, struct stat *st, int f), (fd, n, st, f), fd, n)
CALL(int, statx, "statx", (int fd, const char *n, int f, unsigned m, struct statx *st), (fd, n, f, m, st), fd, n)
CALL(ssize_t, getdents64, "getdents64", (int fd, void *buf, size_t len), (fd, buf, len), fd, NULL)

/* An error of readdir is a NULL with errno, the end one without. */
struct dirent *readdir(DIR *dir)
{
    static struct dirent *(*next)(DIR *);
    int verdict = judge("getdents64", dirfd(dir), NULL, NULL);

    if (!next)
        next = real("readdir");
    if (!verdict)
        return next(dir);
    outcome(verdict);
    return NULL;
}

int close(int fd)
{
    static int (*next)(int);
    int verdict = judge("close", fd, NULL, NULL);

    if (!next)
        next = real("close");
    int code = next(fd);
    return verdict ? (int)outcome(verdict) : code;
}

static int open_as(const char *sym, int dir, const char *name, int flags, mode_t mode)
{
    static int (*next)(int, const char *, int, ...);
    int verdict = judge(sym, dir, name, NULL);

    if (!next)
        next = real("openat");
    return verdict ? (int)outcome(verdict) : next(dir, name, flags, mode);
}

static mode_t mode_in(int flags, va_list *rest)
{
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(*rest, mode_t) : 0;
}

#define OPEN(sym, params, dir)                                                    \
    int sym params;                                                               \
    int sym params                                                                \
    {                                                                             \
        va_list rest;                                                             \
        va_start(rest, flags);                                                    \
        mode_t mode = mode_in(flags, &rest);                                      \
        va_end(rest);                                                             \
        return open_as("openat", dir, name, flags, mode);                         \
    }

OPEN(open, (const char *name, int flags, ...), AT_FDCWD)
OPEN(open64, (const char *name, int flags, ...), AT_FDCWD)
OPEN(openat, (int dir, const char *name, int flags, ...), dir)
OPEN(openat64, (int dir, const char *name, int flags, ...), dir)

/* "rdlock" is a lock to read a part of a file, with which SQLite begins to read. An argument of fcntl is of a register's size. */
#define FCNTL(sym)                                                                \
    int sym(int fd, int command, ...)                                             \
    {                                                                             \
        static int (*next)(int, int, ...);                                        \
        va_list rest;                                                             \
        va_start(rest, command);                                                  \
        void *arg = va_arg(rest, void *);                                         \
        va_end(rest);                                                             \
        if (!next)                                                                \
            next = real(#sym);                                                    \
        bool is_read = command == F_SETLK && ((struct flock *)arg)->l_type == F_RDLCK; \
        int verdict = is_read ? judge("rdlock", fd, NULL, NULL) : PASS;           \
        return verdict ? (int)outcome(verdict) : next(fd, command, arg);          \
    }

FCNTL(fcntl)
FCNTL(fcntl64)

/* openat2 has no function of its own. */
long syscall(long number, ...)
{
    static long (*next)(long, ...);
    long a[6];
    va_list rest;

    va_start(rest, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(rest, long);
    va_end(rest);
    if (!next)
        next = real("syscall");
    int verdict = number == SYS_openat2 ? judge("openat", (int)a[0], (const char *)a[1], NULL) : PASS;
    return verdict ? outcome(verdict) : next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
