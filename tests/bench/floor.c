/*
 * floor [-j THREADS] ROOT: the least that reading a tree's names and metadata costs here. getdents64 of every
 * directory and statx of every entry on two threads, and nothing else: no sorting, no memory of what was read.
 * Prints the number of regular files and the sum of their sizes.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_THREADS 64
#define ROOM 65536

struct node {
    struct node *next;
    char path[];                /* below the root */
};

static int root;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct node *stack;
static int busy;
static _Atomic uint64_t files, bytes, errors;

struct found {
    struct node *first, *last;
    uint64_t files, bytes;
};

static void add_node(struct found *f, const char *path, size_t len, const char *name)
{
    size_t name_len = strlen(name);
    struct node *n = malloc(sizeof *n + len + name_len + 2);

    if (!n)
        abort();
    memcpy(n->path, path, len);
    n->path[len] = '/';
    memcpy(n->path + len + 1, name, name_len + 1);
    n->next = f->first;
    f->first = n;
    f->last = f->last ? f->last : n;
}

static void read_one(int fd, const struct dirent64 *d, const char *path, size_t len, struct found *f)
{
    struct statx sx;

    if (d->d_name[0] == '.' && (!d->d_name[1] || (d->d_name[1] == '.' && !d->d_name[2])))
        return;
    if (statx(fd, d->d_name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &sx) < 0) {
        errors++;
        return;
    }
    if (S_ISREG(sx.stx_mode)) {
        f->files++;
        f->bytes += sx.stx_size;
    } else if (S_ISDIR(sx.stx_mode)) {
        add_node(f, path, len, d->d_name);
    }
}

static void read_dir(const char *path, char *dents, struct found *f)
{
    size_t len = strlen(path);
    ssize_t got;

    int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd < 0) {
        errors++;
        return;
    }
    while ((got = getdents64(fd, dents, ROOM)) > 0)
        for (char *at = dents; at < dents + got; at += ((struct dirent64 *)at)->d_reclen)
            read_one(fd, (struct dirent64 *)at, path, len, f);
    errors += got < 0;
    close(fd);
}

/* Give back what was found, take the next: NULL when all is done. */
static struct node *turn(struct found *f, int had)
{
    pthread_mutex_lock(&lock);
    busy -= had;
    if (f->first) {
        f->last->next = stack;
        stack = f->first;
    }
    if (f->first || !busy)
        pthread_cond_broadcast(&changed);
    while (!stack && busy)
        pthread_cond_wait(&changed, &lock);
    struct node *n = stack;
    if (n) {
        stack = n->next;
        busy++;
    } else {
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
    f->first = f->last = NULL;
    return n;
}

static void *work(void *arg)
{
    struct found f = {0};
    char *dents = malloc(ROOM);

    for (struct node *n = turn(&f, 0); n && dents; n = turn(&f, 1)) {
        read_dir(n->path, dents, &f);
        free(n);
    }
    files += f.files;
    bytes += f.bytes;
    free(dents);
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t threads[MAX_THREADS];
    int count = 2, at = 1;
    struct found f = {0};

    if (argc == 4 && strcmp(argv[1], "-j") == 0) {
        count = atoi(argv[2]);
        at = 3;
    }
    root = argc - at == 1 && count >= 1 && count <= MAX_THREADS ? open(argv[at], O_RDONLY | O_DIRECTORY) : -1;
    if (root < 0) {
        fprintf(stderr, "usage: floor [-j THREADS] ROOT\n");
        return 2;
    }
    add_node(&f, ".", 1, ".");
    stack = f.first;
    for (int i = 1; i < count; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            return 1;
    work(NULL);
    for (int i = 1; i < count; i++)
        pthread_join(threads[i], NULL);
    printf("%" PRIu64 " %" PRIu64 "\n", (uint64_t)files, (uint64_t)bytes);
    return errors ? 1 : 0;
}
