/*
 * maketree [OPTION...] ROOT FILES: a studio's disk in ROOT, as shape.h says. Files have a length and a time but no
 * content (they are one hole) unless --fill.
 *   --size MIN-MAX    bytes of a file (default 1000-50000000)
 *   --fill            write that many random bytes
 *   --one CATEGORY    everything in one project's category: 0 render, 1 cache, 2 footage, 3 project
 *   --jobs N          processes (default 2)
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shape.h"

#define NOISE (1 << 20)

struct maker {
    int root;
    bool fill;
    const char *noise;          /* 2 * NOISE bytes */
};

static int complain(const char *what)
{
    fprintf(stderr, "maketree: %s: %s\n", what, strerror(errno));
    return -1;
}

/* Each file begins elsewhere in the same random bytes, so no two are alike and none compresses. */
static int write_noise(int fd, const char *noise, uint64_t number, uint64_t size)
{
    while (size) {
        size_t now = size < NOISE ? (size_t)size : NOISE;
        ssize_t n = write(fd, noise + number * 61 % NOISE, now);
        if (n < 0)
            return -1;
        size -= (uint64_t)n;
        number += 4099;
    }
    return 0;
}

static int make_file(const struct maker *m, int dir, const struct shape_entry *e, uint64_t number)
{
    const struct timespec times[2] = {{e->mtime / 1000000000, e->mtime % 1000000000},
                                      {e->mtime / 1000000000, e->mtime % 1000000000}};
    int fd = openat(dir, e->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd < 0)
        return complain(e->name);
    int code = m->fill ? write_noise(fd, m->noise, number, e->size) : ftruncate(fd, (off_t)e->size);
    if (code < 0 || futimens(fd, times) < 0)
        code = complain(e->name);
    close(fd);
    return code;
}

/* Make the folders of a path below root and open the last one. */
static int make_folders(int root, char *path)
{
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdirat(root, path, 0755) < 0 && errno != EEXIST)
            return complain(path);
        *slash = '/';
    }
    if (mkdirat(root, path, 0755) < 0 && errno != EEXIST)
        return complain(path);
    int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? complain(path) : fd;
}

static int make_dir(const struct shape_dir *d, void *arg)
{
    const struct maker *m = arg;
    char path[400];
    int code = 0;

    snprintf(path, sizeof path, "%s/%s/%s%s%s", shape_paths[d->category], d->client, d->project,
             *d->path ? "/" : "", d->path);
    int dir = make_folders(m->root, path);
    if (dir < 0)
        return dir;
    for (size_t i = 0; i < d->count && !code; i++)
        if (!d->entries[i].is_dir)
            code = make_file(m, dir, &d->entries[i], d->number + i);
    close(dir);
    return code;
}

static bool make_noise(char *noise)
{
    for (size_t at = 0; at < 2 * NOISE; at += 256)
        if (getrandom(noise + at, 256, 0) != 256)
            return false;
    return true;
}

static int run_parts(struct shape *shape, struct maker *m)
{
    int status, code = 0;

    for (unsigned i = 0; i < shape->parts; i++) {
        shape->part = i;
        pid_t pid = fork();
        if (pid == 0)
            _exit(shape_each(shape, make_dir, m) ? 1 : 0);
        if (pid < 0)
            code = complain("fork");
    }
    while (wait(&status) > 0)
        if (status)
            code = -1;
    return code;
}

static int usage(void)
{
    fprintf(stderr, "usage: maketree [--size MIN-MAX] [--fill] [--one CATEGORY] [--jobs N] ROOT FILES\n");
    return 2;
}

static char noise[2 * NOISE];

int main(int argc, char **argv)
{
    static const struct option options[] = {{"size", required_argument, NULL, 's'},
                                            {"fill", no_argument, NULL, 'f'},
                                            {"one", required_argument, NULL, 'o'},
                                            {"jobs", required_argument, NULL, 'j'},
                                            {0}};
    struct shape shape = {.category = -1, .min_size = 1000, .max_size = 50000000, .parts = 2};
    struct maker m = {0};
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 's' && sscanf(optarg, "%" SCNu64 "-%" SCNu64, &shape.min_size, &shape.max_size) != 2)
            return usage();
        if (c == '?')
            return usage();
        m.fill = m.fill || c == 'f';
        if (c == 'o')
            shape.category = atoi(optarg) % SHAPE_CATEGORIES;
        if (c == 'j')
            shape.parts = (unsigned)atoi(optarg);
    }
    if (argc - optind != 2)
        return usage();
    shape.files = strtoull(argv[optind + 1], NULL, 10);
    if (shape.category >= 0)
        shape.per_project = shape.files;
    m.root = (mkdir(argv[optind], 0755) < 0 && errno != EEXIST) ? -1 : open(argv[optind], O_RDONLY | O_DIRECTORY);
    m.noise = noise;
    if (m.root < 0 || !make_noise(noise))
        return complain(argv[optind]), 1;
    return run_parts(&shape, &m) ? 1 : 0;
}
