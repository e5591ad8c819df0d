/*
 * A file whose content changed while its ctime did not, as a disk that decays makes it and no program can: for programs
 * that are started with LD_PRELOAD=steady.so. Each line of the file $STEADY is
 *
 *     DEVICE INODE IS WAS
 *
 * (st_dev and st_ino; two ctimes, seconds with nine decimals). While the ctime of that file is IS they are told WAS; when
 * somebody moves it again they see that.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define MOST 256

struct line {
    uint64_t dev, ino;
    int64_t is, was;    /* ns */
};

static struct line lines[MOST];
static int count;

__attribute__((constructor)) static void read_lines(void)
{
    const char *path = getenv("STEADY");
    FILE *f = path ? fopen(path, "re") : NULL;
    int64_t s[2], ns[2];

    while (f && count < MOST &&
           fscanf(f, "%" SCNu64 " %" SCNu64 " %" SCNd64 ".%" SCNd64 " %" SCNd64 ".%" SCNd64, &lines[count].dev,
                  &lines[count].ino, &s[0], &ns[0], &s[1], &ns[1]) == 6) {
        lines[count].is = s[0] * 1000000000 + ns[0];
        lines[count++].was = s[1] * 1000000000 + ns[1];
    }
    if (f)
        fclose(f);
}

/* The ctime that is told: ns. A file that decayed more than once goes back from one line to the one before. */
static int64_t told(uint64_t dev, uint64_t ino, int64_t ctime)
{
    for (int i = count; i-- > 0;)
        if (lines[i].dev == dev && lines[i].ino == ino && lines[i].is == ctime)
            ctime = lines[i].was;
    return ctime;
}

static int tell(int code, struct stat *st)
{
    if (code == 0 && count) {
        int64_t ctime = told(st->st_dev, st->st_ino, st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec);
        st->st_ctim = (struct timespec){.tv_sec = ctime / 1000000000, .tv_nsec = ctime % 1000000000};
    }
    return code;
}

#define REAL(type, name) type = (__typeof__(real))dlsym(RTLD_NEXT, name)

int stat(const char *restrict path, struct stat *restrict st)
{
    REAL(int (*real)(const char *, struct stat *), "stat");
    return tell(real(path, st), st);
}

int lstat(const char *restrict path, struct stat *restrict st)
{
    REAL(int (*real)(const char *, struct stat *), "lstat");
    return tell(real(path, st), st);
}

int fstat(int fd, struct stat *st)
{
    REAL(int (*real)(int, struct stat *), "fstat");
    return tell(real(fd, st), st);
}

int fstatat(int dir, const char *restrict path, struct stat *restrict st, int flags)
{
    REAL(int (*real)(int, const char *, struct stat *, int), "fstatat");
    return tell(real(dir, path, st, flags), st);
}

int statx(int dir, const char *restrict path, int flags, unsigned mask, struct statx *restrict st)
{
    REAL(int (*real)(int, const char *, int, unsigned, struct statx *), "statx");
    int code = real(dir, path, flags, mask, st);

    if (code == 0 && count) {
        int64_t ctime = told(makedev(st->stx_dev_major, st->stx_dev_minor), st->stx_ino,
                             st->stx_ctime.tv_sec * 1000000000 + st->stx_ctime.tv_nsec);
        st->stx_ctime.tv_sec = ctime / 1000000000;
        st->stx_ctime.tv_nsec = (uint32_t)(ctime % 1000000000);
    }
    return code;
}
