#include "scan/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "index/filesystem.h"
#include "scan/folder.h"

#define MAX_JOBS 64
#define DESCRIPTORS_LEFT_ALONE 24    /* for the catalog, the threads' own directories, standard streams */

struct tree {
    void *user;
    atomic_size_t pending;    /* nodes not visited yet */
};

/* A directory to visit, or one whose children still need its descriptor or its name. */
struct node {
    struct node *parent;      /* NULL for a top */
    struct node *next;        /* in the LIFO */
    struct tree *tree;
    atomic_size_t refs;       /* itself until visited, and its children */
    uint64_t mount;
    int fd;                   /* kept open for the children, or -1; fixed before they are queued */
    size_t name_len;
    char name[];              /* of a top: its path below the root */
};

struct walk {
    int root;
    const struct walk_options *options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct node *stack;
    int working;              /* threads with a node in hand */
    int result;
    atomic_bool stop;
    atomic_int descriptors;   /* how many more may be kept open */
};

/* What one thread needs, kept from directory to directory. */
struct worker {
    struct walk *walk;
    struct folder folder;
    struct buf path;
};

int walk_default_jobs(int root)
{
    struct filesystem fs = {0};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int jobs = cores > 0 ? (int)cores * 4 : 4;

    filesystem_of(root, &fs);
    if (fs.network && jobs < 16)
        jobs = 16;
    return jobs < 4 ? 4 : jobs > 16 ? 16 : jobs;
}

/* ---- nodes ---- */

static struct node *node_new(struct node *parent, struct tree *tree, const char *name, size_t len)
{
    struct node *n = mem_alloc(sizeof *n + len + 1);

    *n = (struct node){.parent = parent, .tree = tree, .refs = 1, .fd = -1, .name_len = len};
    memcpy(n->name, name, len);
    n->name[len] = 0;
    if (parent)
        atomic_fetch_add(&parent->refs, 1);
    atomic_fetch_add(&tree->pending, 1);
    return n;
}

static void node_unref(struct walk *w, struct node *n)
{
    while (n && atomic_fetch_sub(&n->refs, 1) == 1) {
        struct node *parent = n->parent;
        if (n->fd >= 0) {
            close(n->fd);
            atomic_fetch_add(&w->descriptors, 1);
        }
        free(n);
        n = parent;
    }
}

static void stop_with(struct walk *w, int code)
{
    pthread_mutex_lock(&w->lock);
    if (!w->result)
        w->result = code;
    atomic_store(&w->stop, true);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void push(struct walk *w, struct node *first, struct node *last)
{
    pthread_mutex_lock(&w->lock);
    last->next = w->stack;
    w->stack = first;
    if (first == last)
        pthread_cond_signal(&w->changed);
    else
        pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

/* The next node, or NULL when all is done or the walk was stopped. `worked`: the caller had one in hand. */
static struct node *pop(struct walk *w, bool worked)
{
    pthread_mutex_lock(&w->lock);
    if (worked)
        w->working--;
    while (!w->stack && w->working && !atomic_load(&w->stop))
        pthread_cond_wait(&w->changed, &w->lock);
    struct node *n = atomic_load(&w->stop) ? NULL : w->stack;
    if (n) {
        w->stack = n->next;
        w->working++;
    } else {
        pthread_cond_broadcast(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return n;
}

/* ---- paths ---- */

/* Append the path of n below `from` (an ancestor; NULL: below the tree's top). */
static void add_path(struct buf *path, const struct node *n, const struct node *from)
{
    if (n == from || (!from && !n->parent))
        return;
    add_path(path, n->parent, from);
    if (path->len)
        buf_add_byte(path, '/');
    buf_add(path, n->name, n->name_len);
}

/* Open a node's directory from the nearest ancestor whose descriptor is open. */
static int open_node(struct worker *k, const struct node *n)
{
    const struct node *from = n->parent;

    if (from && from->fd >= 0) {
        int fd = openat(from->fd, n->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
    }
    while (from && from->fd < 0)
        from = from->parent;
    buf_clear(&k->path);
    if (!from) {
        const struct node *top = n;
        while (top->parent)
            top = top->parent;
        buf_add(&k->path, top->name, top->name_len);
    }
    add_path(&k->path, n, from);
    return path_open_dir(from ? from->fd : k->walk->root, buf_str(&k->path));
}

/* ---- one directory ---- */

/* Keep the descriptor for the children if there are enough; -1 closes it. */
static void keep_descriptor(struct walk *w, struct node *n, int fd)
{
    if (atomic_fetch_sub(&w->descriptors, 1) > 0) {
        n->fd = fd;
        return;
    }
    atomic_fetch_add(&w->descriptors, 1);
    close(fd);
}

static void queue_children(struct worker *k, struct node *n, int fd)
{
    struct node *first = NULL, *last = NULL;

    for (size_t i = k->folder.count; i-- > 0;) {
        const struct entry *e = &k->folder.entries[i];
        if (!S_ISDIR(e->mode) || e->mount || !e->name_len)
            continue;
        struct node *child = node_new(n, n->tree, e->name, e->name_len);
        child->mount = n->mount;
        child->next = first;
        first = child;
        if (!last)
            last = child;
    }
    if (!first) {
        close(fd);
        return;
    }
    keep_descriptor(k->walk, n, fd);
    push(k->walk, first, last);
}

/* A top carries its own entry in front, which sorts first: its name is empty. */
static int read_node(struct worker *k, struct node *n, int fd)
{
    struct entry self;
    int code = 0;

    if (!n->parent && (code = folder_self(fd, &self, &n->mount)) < 0)
        return code;
    code = folder_read(&k->folder, fd, n->mount);
    if (!n->parent)
        folder_prepend(&k->folder, &self);
    return code;
}

static int visit(struct worker *k, const struct node *n, int err)
{
    const struct walk_options *o = k->walk->options;

    buf_clear(&k->path);
    add_path(&k->path, n, NULL);
    const struct walk_dir dir = {
        .tree = n->tree->user,
        .path = buf_str(&k->path),
        .path_len = k->path.len,
        .entries = k->folder.entries,
        .count = k->folder.count,
        .temps = k->folder.temps,
        .temp_count = k->folder.temp_count,
        .err = err,
    };
    return o->visit(&dir, o->arg);
}

static void process(struct worker *k, struct node *n)
{
    const struct walk_options *o = k->walk->options;
    struct tree *tree = n->tree;

    k->folder.count = 0;
    int fd = open_node(k, n);
    int err = fd < 0 ? -fd : -read_node(k, n, fd);
    int code = visit(k, n, err);
    if (fd >= 0)
        queue_children(k, n, fd);
    node_unref(k->walk, n);
    if (atomic_fetch_sub(&tree->pending, 1) == 1 && !code && o->finish && !atomic_load(&k->walk->stop))
        code = o->finish(tree->user, o->arg);
    if (code < 0)
        stop_with(k->walk, code);
    else if (o->cancel && atomic_load(o->cancel))
        stop_with(k->walk, -ECANCELED);
}

static void *work(void *arg)
{
    struct worker k = {.walk = arg};

    for (struct node *n = pop(k.walk, false); n; n = pop(k.walk, true))
        process(&k, n);
    folder_free(&k.folder);
    buf_free(&k.path);
    return NULL;
}

/* ---- the walk ---- */

static int descriptors_to_keep(int jobs)
{
    struct rlimit limit;
    long most = 1024;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 4096)
        most = (long)limit.rlim_cur;
    most = most / 2 - DESCRIPTORS_LEFT_ALONE / 2 - jobs;
    return most > 0 ? (int)most : 0;
}

static void queue_tops(struct walk *w, const struct walk_tree *trees, struct tree *state, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        state[i].user = trees[i].user;
        struct node *top = node_new(NULL, &state[i], trees[i].path, strlen(trees[i].path));
        push(w, top, top);
    }
}

static int run_threads(struct walk *w, int jobs)
{
    pthread_t threads[MAX_JOBS];
    int started = 0;

    for (int i = 1; i < jobs; i++)
        if (pthread_create(&threads[started], NULL, work, w) == 0)
            started++;
    work(w);    /* this thread is one of them: the walk goes on even when no other could be started */
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return w->result;
}

int walk_run(int root, const struct walk_tree *trees, size_t count, const struct walk_options *options)
{
    int jobs = options->jobs > 0 ? options->jobs : walk_default_jobs(root);
    struct tree *state = mem_zalloc(count * sizeof *state);
    struct walk w = {.root = root, .options = options};

    if (jobs > MAX_JOBS)
        jobs = MAX_JOBS;
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.changed, NULL);
    atomic_store(&w.descriptors, descriptors_to_keep(jobs));
    queue_tops(&w, trees, state, count);
    int code = run_threads(&w, jobs);
    while (w.stack) {    /* left over by a stop */
        struct node *n = w.stack;
        w.stack = n->next;
        node_unref(&w, n);
    }
    pthread_cond_destroy(&w.changed);
    pthread_mutex_destroy(&w.lock);
    free(state);
    return code;
}
