/* The walker, set against find(1), at several thread counts. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "sandbox.h"
#include "scan/walk.h"
#include "suites.h"

static const int threads[] = {1, 2, 8};
#define RUNS 3

static char folder[256];

static void set_up(void) { snprintf(folder, sizeof folder, "%s", sandbox_make()); }
static void tear_down(void) { sandbox_remove(folder); }

struct seen {
    pthread_mutex_t lock;
    struct buf lines;
    int visits, finished, errors, last_err;
};

/* One line an entry, in the words of find's -printf below. */
static int visit(const struct walk_dir *dir, void *arg)
{
    struct seen *s = arg;
    struct buf lines = {0};

    for (size_t i = 0; i < dir->count; i++) {
        const struct entry *e = &dir->entries[i];
        const char kind = S_ISREG(e->mode) ? 'f' : S_ISDIR(e->mode) ? 'd' : S_ISLNK(e->mode) ? 'l' : 'p';
        if (i)
            ck_assert_int_lt(entry_compare_names(e[-1].name, e[-1].name_len, e->name, e->name_len), 0);
        if (!e->name_len)
            continue;
        buf_printf(&lines, "%c %llu %o %lld.%09lld %llu %u ", kind, S_ISREG(e->mode) ? (unsigned long long)e->size : 0,
                   e->mode & 07777, (long long)(e->mtime / 1000000000), (long long)(e->mtime % 1000000000),
                   (unsigned long long)e->ino, e->uid);
        buf_add(&lines, dir->path, dir->path_len);
        if (dir->path_len)
            buf_add_byte(&lines, '/');
        buf_add(&lines, e->name, e->name_len);
        buf_printf(&lines, " -> %s", e->target ? e->target : "");
        buf_add_byte(&lines, 0);
    }
    pthread_mutex_lock(&s->lock);
    buf_add(&s->lines, lines.data, lines.len);
    s->visits++;
    if (dir->err)
        s->errors++, s->last_err = dir->err;
    pthread_mutex_unlock(&s->lock);
    buf_free(&lines);
    return 0;
}

static int finish(void *tree, void *arg)
{
    struct seen *s = arg;

    ck_assert_str_eq(tree, "mine");
    pthread_mutex_lock(&s->lock);
    s->finished++;
    pthread_mutex_unlock(&s->lock);
    return 0;
}

static int walk(const char *top, int jobs, struct seen *s)
{
    const struct walk_tree tree = {.path = top, .user = "mine"};
    const struct walk_options options = {.jobs = jobs, .visit = visit, .finish = finish, .arg = s};
    int root = path_open_root(folder);

    *s = (struct seen){.lock = PTHREAD_MUTEX_INITIALIZER};
    ck_assert_int_ge(root, 0);
    int code = walk_run(root, &tree, 1, &options);
    close(root);
    return code;
}

/* Sort both lists by their lines and compare. */
static void assert_as_find(struct seen *s, const char *top)
{
    int fd = open("/dev/null", O_WRONLY);
    char ours[300], theirs[300];

    close(fd);
    snprintf(ours, sizeof ours, "%s.ours", folder);
    snprintf(theirs, sizeof theirs, "%s.theirs", folder);
    FILE *f = fopen(ours, "w");
    fwrite(s->lines.data, 1, s->lines.len, f);
    fclose(f);
    char *quoted = mem_strdup(top);
    free(sandbox_run("cd '%s/%s' && find . -mindepth 1 -name '.autobackup*' -prune -o -mindepth 1 "
                     "\\( -type f -printf 'f %%s %%m %%T@ %%i %%U %%P -> \\0' "
                     "-o -printf '%%y 0 %%m %%T@ %%i %%U %%P -> %%l\\0' \\) "
                     "| sed -z 's/\\(\\.[0-9]\\{9\\}\\)0 /\\1 /' | sort -z > '%s'; sort -z -o '%s' '%s'; "
                     "cmp '%s' '%s' && rm '%s' '%s'", folder, quoted, theirs, ours, ours, ours, theirs, ours, theirs));
    free(quoted);
    buf_free(&s->lines);
}

START_TEST(agrees_with_find)
{
    struct seen s;
    char name[256];

    for (int i = 0; i < 400; i++) {
        snprintf(name, sizeof name, "top/d%d/e%d/file %d\xff\n.txt", i % 7, i % 31, i);
        sandbox_text(folder, name, "some bytes" + i % 9);
    }
    memset(name, 'x', 255);
    name[255] = 0;
    free(sandbox_run("cd '%s/top' && ln -s /etc/passwd link && ln -s d0 dirlink && mkfifo fifo && "
                     "touch -d 1960-02-03 old && touch .autobackup-0123456789abcdef && mkdir .autobackup && "
                     "touch .autobackup/database.json d0/.autobackup-x-0123456789abcdef && touch %s",
                     folder, name));
    ck_assert_int_eq(walk("top", threads[_i], &s), 0);
    ck_assert_int_eq(s.errors, 0);
    ck_assert_int_eq(s.finished, 1);
    assert_as_find(&s, "top");
}
END_TEST

START_TEST(goes_deeper_than_a_path_can_be)
{
    struct seen s;
    char *out;

    free(sandbox_run("mkdir '%s/top'; cd '%s/top'; for i in $(seq 300); do mkdir deep_deep_deep_deep && "
                     "cd -P deep_deep_deep_deep && touch f || exit 1; done", folder, folder));
    ck_assert_int_eq(walk("top", threads[_i], &s), 0);
    ck_assert_int_eq(s.visits, 301);
    ck_assert_int_eq(s.errors, 0);
    out = sandbox_run("find '%s/top' -mindepth 1 -type f | wc -l", folder);
    ck_assert_int_eq(atoi(out), 300);
    free(out);
    buf_free(&s.lines);
}
END_TEST

START_TEST(works_with_32_descriptors)
{
    struct rlimit few = {.rlim_cur = 32, .rlim_max = 32};
    struct seen s;

    free(sandbox_run("cd '%s' && for a in $(seq 20); do for b in $(seq 10); do mkdir -p top/$a/$b/c/d && "
                     "touch top/$a/$b/c/d/f; done; done", folder));
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    ck_assert_int_eq(walk("top", threads[_i], &s), 0);
    ck_assert_int_eq(s.errors, 0);
    ck_assert_int_eq(s.visits, 1 + 20 + 200 * 3);
    assert_as_find(&s, "top");
}
END_TEST

START_TEST(an_unreadable_directory_is_an_error)
{
    struct seen s;

    sandbox_text(folder, "top/open/f", "x");
    sandbox_text(folder, "top/shut/f", "x");
    if (!sandbox_drop_root(folder))
        return;
    free(sandbox_run("chmod 0 '%s/top/shut'", folder));
    ck_assert_int_eq(walk("top", threads[_i], &s), 0);
    ck_assert_int_eq(s.errors, 1);
    ck_assert_int_eq(s.last_err, EACCES);
    ck_assert_int_eq(s.visits, 3);
    buf_free(&s.lines);
}
END_TEST

START_TEST(follows_no_symlink_to_its_top)
{
    struct seen s;

    sandbox_text(folder, "real/f", "x");
    free(sandbox_run("ln -s real '%s/top'", folder));
    ck_assert_int_eq(walk("top", 2, &s), 0);
    ck_assert_int_eq(s.errors, 1);
    ck_assert(s.last_err == ELOOP || s.last_err == ENOTDIR);    /* O_DIRECTORY with O_NOFOLLOW gives the latter */
    ck_assert_uint_eq(s.lines.len, 0);
    buf_free(&s.lines);
}
END_TEST

static int refuse(const struct walk_dir *dir, void *arg)
{
    (void)dir, (void)arg;
    return -EUSERS;
}

START_TEST(stops_when_asked)
{
    atomic_bool cancel = true;
    const struct walk_tree tree = {.path = "top", .user = "mine"};
    struct walk_options options = {.jobs = threads[_i], .visit = refuse};
    struct seen s = {.lock = PTHREAD_MUTEX_INITIALIZER};
    int root;

    free(sandbox_run("mkdir -p '%s'/top/{1,2,3,4,5,6}/{1,2,3}", folder));
    root = path_open_root(folder);
    ck_assert_int_eq(walk_run(root, &tree, 1, &options), -EUSERS);
    options = (struct walk_options){.jobs = threads[_i], .visit = visit, .finish = finish, .arg = &s, .cancel = &cancel};
    ck_assert_int_eq(walk_run(root, &tree, 1, &options), -ECANCELED);
    close(root);
    buf_free(&s.lines);
}
END_TEST

START_TEST(stays_on_its_mount)
{
    struct seen s;

    if (!sandbox_own_mounts())
        return;
    free(sandbox_run("mkdir -p '%s'/top/loop '%s'/top/plain", folder, folder));
    free(sandbox_run("mount --bind '%s/top' '%s/top/loop'", folder, folder));
    int code = walk("top", threads[_i], &s);
    free(sandbox_run("umount '%s/top/loop'", folder));
    ck_assert_int_eq(code, 0);
    ck_assert_int_eq(s.visits, 2);
    ck_assert_int_eq(s.errors, 0);
    buf_free(&s.lines);
}
END_TEST

START_TEST(a_folder_of_many_entries)
{
    struct seen s;

    sandbox_many(folder, "top", "a long name of a picture.", 100000);
    ck_assert_int_eq(walk("top", threads[_i], &s), 0);
    ck_assert_int_eq(s.visits, 1);
    assert_as_find(&s, "top");
}
END_TEST

/* Until it is killed: names come, go and change places, folders too. */
static void churn(void)
{
    char name[64], other[64];

    for (unsigned i = 0;; i++) {
        snprintf(name, sizeof name, "top/live/d%u", i % 13);
        snprintf(other, sizeof other, "top/live/d%u/e%u", i % 11, i % 5);
        mkdir(name, 0755);
        mkdir(other, 0755);
        snprintf(name, sizeof name, "top/live/d%u/f%u", i % 11, i % 17);
        close(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
        rename(name, other);
        snprintf(name, sizeof name, "top/live/d%u", i % 7);
        rename(other, name);
        snprintf(other, sizeof other, "top/live/d%u", i % 3);
        rename(name, other);
        unlink(other);
        rmdir(name);
    }
}

/* What nobody touches is seen whole, each name once, however wild it is beside it. */
static void assert_still(const struct seen *s)
{
    int count = 0;

    for (const char *at = s->lines.data, *end = at + s->lines.len; at < end; at += strlen(at) + 1)
        count += strstr(at, " still/") != NULL;
    ck_assert_int_eq(count, 20 * (1 + 30));
}

START_TEST(a_tree_that_changes_while_it_is_read)
{
    struct seen s;

    free(sandbox_run("cd '%s' && mkdir -p top/live top/still && cd top/still && "
                     "for d in $(seq 20); do mkdir $d && (cd $d && seq 30 | xargs touch); done", folder));
    pid_t child = fork();
    if (child == 0) {
        if (chdir(folder) == 0)
            churn();
        _exit(1);
    }
    ck_assert_int_gt(child, 0);
    for (int i = 0; i < 30; i++) {
        ck_assert_int_eq(walk("top", threads[_i], &s), 0);
        ck_assert_int_eq(s.finished, 1);
        ck_assert(!s.errors || s.last_err == ENOENT || s.last_err == ENOTDIR || s.last_err == ELOOP);
        assert_still(&s);
        buf_free(&s.lines);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_int_eq(walk("top", threads[_i], &s), 0);
    assert_as_find(&s, "top");
}
END_TEST

Suite *suite_walk(void)
{
    Suite *s = suite_create("walk");
    TCase *t = tcase_create("walk");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, agrees_with_find, 0, RUNS);
    tcase_add_loop_test(t, goes_deeper_than_a_path_can_be, 0, RUNS);
    tcase_add_loop_test(t, works_with_32_descriptors, 0, RUNS);
    tcase_add_loop_test(t, an_unreadable_directory_is_an_error, 0, RUNS);
    tcase_add_test(t, follows_no_symlink_to_its_top);
    tcase_add_loop_test(t, stops_when_asked, 0, RUNS);
    tcase_add_loop_test(t, stays_on_its_mount, 0, RUNS);
    tcase_add_loop_test(t, a_folder_of_many_entries, 0, RUNS);
    tcase_add_loop_test(t, a_tree_that_changes_while_it_is_read, 0, RUNS);
    suite_add_tcase(s, t);
    return s;
}
