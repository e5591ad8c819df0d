/*
 * data, metadata: one file's content, holes, attributes, owner, mode and times, seen by stat and other programs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/io.h"
#include "copy/data.h"
#include "copy/metadata.h"
#include "sandbox.h"
#include "suites.h"

static char folder[256];
static int dir;
static struct data data;
static atomic_bool cancel;
static uint64_t seen;
static struct digest digest;
static uint64_t size;
static enum side side;
static const struct xattr_rules clean = {.clean = true};

static void add_seen(void *arg, uint64_t bytes)
{
    (void)arg;
    seen += bytes;
}

static void set_up(void)
{
    snprintf(folder, sizeof folder, "%s", sandbox_make());
    dir = open(folder, O_RDONLY | O_DIRECTORY);
    atomic_store(&cancel, false);
    seen = 0;
    data_init(&data, &cancel, add_seen, NULL);
}

static void tear_down(void)
{
    data_free(&data);
    close(dir);
    sandbox_remove(folder);
}

static int make(const char *name)
{
    return openat(dir, name, O_RDWR | O_CREAT | O_EXCL, 0600);
}

static int copy(int from, int to, uint64_t wanted)
{
    atomic_bool clone = true;
    struct stat st;

    ck_assert_int_eq(fstat(from, &st), 0);
    side = SIDE_TARGET;
    int code = data_clone(&data, from, to, wanted, &clone, &digest, &size);
    if (code != -EOPNOTSUPP && code != -EINVAL)
        return code;
    struct sink sink = {.fd = to, .cancel = &cancel};
    code = data_copy(&data, from, &sink, 1, wanted, (uint64_t)st.st_blocks * 512 < wanted, &digest, &size);
    side = code ? SIDE_SOURCE : SIDE_TARGET;
    return code ? code : sink.code;
}

/* Bytes that differ all over, so that a piece at a wrong place shows. */
static void fill(int fd, off_t at, size_t len)
{
    char *bytes = malloc(len);

    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)((at + (off_t)i) * 2654435761u >> 13);
    ck_assert_int_eq(pwrite(fd, bytes, len, at), (ssize_t)len);
    free(bytes);
}

static void assert_same(void)
{
    free(sandbox_run("cmp '%s/a' '%s/b'", folder, folder));
}

static void assert_digest(void)
{
    char hex[40];
    digest_hex(&digest, hex);
    int fd = openat(dir, "b", O_RDONLY);
    struct buf all = {0};
    ck_assert_int_eq(io_read_all(fd, 1u << 30, &all), 0);
    struct digest whole = digest_of(all.data, all.len);
    ck_assert_mem_eq(&whole, &digest, sizeof whole);
    buf_free(&all);
    close(fd);
}

START_TEST(every_size)
{
    static const size_t sizes[] = {
        0, 1, 4095, 4096, DATA_BUFFER - 1, DATA_BUFFER, DATA_BUFFER + 1, 5 * DATA_BUFFER + 77};
    int a = make("a"), b = make("b");

    fill(a, 0, sizes[_i]);
    ck_assert_int_eq(copy(a, b, sizes[_i]), 0);
    ck_assert_uint_eq(size, sizes[_i]);
    ck_assert_uint_eq(seen, sizes[_i]);
    assert_same();
    assert_digest();
}
END_TEST

START_TEST(holes)
{
    static const struct {
        off_t data[4]; /* where 8 KiB of data lie; -1 ends */
        off_t size;
    } cases[] = {
        {{-1}, 3 << 20},
        {{0, -1}, 9 << 20},
        {{8 << 20, -1}, (8 << 20) + 8192},
        {{1 << 20, 5 << 20, -1}, (7 << 20) + 13},
        {{0, 3 << 20, 6 << 20, -1}, 20 << 20},
    };
    int a = make("a"), b = make("b");
    struct stat as, bs;

    for (int i = 0; cases[_i].data[i] >= 0; i++)
        fill(a, cases[_i].data[i], 8192);
    ck_assert_int_eq(ftruncate(a, cases[_i].size), 0);
    fsync(a);
    ck_assert_int_eq(copy(a, b, (uint64_t)cases[_i].size), 0);
    fsync(b);
    ck_assert_int_eq(fstat(a, &as) | fstat(b, &bs), 0);
    ck_assert_uint_eq(size, (uint64_t)cases[_i].size);
    ck_assert_int_le(bs.st_blocks, as.st_blocks + 64);
    assert_same();
    assert_digest();
}
END_TEST

START_TEST(grown_and_shrunk)
{
    int a = make("a"), b = make("b");

    fill(a, 0, 3000000);
    ck_assert_int_eq(copy(a, b, 2000000), 0);
    ck_assert_uint_eq(size, 2000000);
    ck_assert_int_eq(ftruncate(b, 0), 0);
    ck_assert_int_eq(lseek(b, 0, SEEK_SET), 0);
    ck_assert_int_eq(copy(a, b, 4000000), 0);
    ck_assert_uint_eq(size, 3000000);
}
END_TEST

START_TEST(stops_when_asked)
{
    int a = make("a"), b = make("b");

    fill(a, 0, 4 * DATA_BUFFER);
    atomic_store(&cancel, true);
    ck_assert_int_eq(copy(a, b, 4 * DATA_BUFFER), -ECANCELED);
    ck_assert_uint_le(size, DATA_BUFFER);
}
END_TEST

START_TEST(full_disk_is_the_targets_error)
{
    int a = make("a"), full = open("/dev/full", O_RDWR);

    ck_assert_int_ge(full, 0);
    fill(a, 0, 10000);
    ck_assert_int_eq(copy(a, full, 10000), -ENOSPC);
    ck_assert_int_eq(side, SIDE_TARGET);
}
END_TEST

static struct stat source_stat(int fd)
{
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    return st;
}

START_TEST(all_metadata)
{
    int a = make("a"), b = make("b");
    const struct timespec times[2] = {{1000, 5}, {-3, 999999999}};
    struct holds holds = {0};
    struct given given = {0};

    ck_assert_int_eq(holds_probe(dir, &holds), 0);
    if (!holds.xattr) {
        sandbox_skip("xattrs need a filesystem that has them");
        return;
    }
    bool may = fchown(a, 4321, 1234) == 0;
    ck_assert_int_eq(holds.owner, may);
    if (!may)
        sandbox_skip("in part: changing owners needs root");
    ck_assert_int_eq(fsetxattr(a, "user.one",
                               "1\0"
                               "2",
                               3, 0),
                     0);
    ck_assert_int_eq(fchmod(a, 06751), 0);
    ck_assert_int_eq(futimens(a, times), 0);
    ck_assert_int_eq(fsetxattr(b, "user.stale", "x", 1, 0), 0);
    struct stat from = source_stat(a);
    ck_assert_int_eq(metadata_copy(a, b, &from, &holds, &clean, &given), 0);
    ck_assert_uint_eq(given.lost, 0);
    free(sandbox_run(
        "cd '%s' && test \"$(stat -c '%%a %%u %%g %%y' a)\" = \"$(stat -c '%%a %%u %%g %%y' b)\" && "
        "test \"$(getfattr -d -m - -e hex a | tail -n +2)\" = \"$(getfattr -d -m - -e hex b | tail -n +2)\"",
        folder));
}
END_TEST

START_TEST(access_lists)
{
    struct holds holds = {0};
    struct given given = {0};
    int a = make("a"), b = make("b");

    if (system("command -v setfacl >/dev/null") != 0) {
        sandbox_skip("setfacl is missing");
        return;
    }
    ck_assert_int_eq(holds_probe(dir, &holds), 0);
    free(sandbox_run("cd '%s' && (setfacl -m u:1234:rw,g:99:- a && setfacl -m u:77:rwx b || true)", folder));
    struct stat from = source_stat(a);
    ck_assert_int_eq(metadata_copy(a, b, &from, &holds, &clean, &given), 0);
    free(sandbox_run("cd '%s' && test \"$(getfacl -n a | tail -n +2)\" = \"$(getfacl -n b | tail -n +2)\"",
                     folder));
    free(sandbox_run("cd '%s' && setfacl -b a", folder));
    from = source_stat(a);
    ck_assert_int_eq(metadata_copy(a, b, &from, &holds, &clean, &given), 0);
    free(sandbox_run("cd '%s' && test \"$(getfacl -n a | tail -n +2)\" = \"$(getfacl -n b | tail -n +2)\"",
                     folder));
}
END_TEST

START_TEST(without_root_no_set_uid_for_others)
{
    struct holds holds = {0};
    struct stat st;
    struct given given = {0};
    int a = make("a");

    if (geteuid() == 0)
        ck_assert_int_eq(fchown(a, 4321, 4321), 0);
    ck_assert_int_eq(fchmod(a, 04755), 0);
    struct stat from = source_stat(a);
    from.st_uid = 4321;
    if (!sandbox_drop_root(folder))
        return;
    ck_assert_int_eq(holds_probe(dir, &holds), 0);
    ck_assert(!holds.owner && !holds.root);
    int b = make("b");
    ck_assert_int_eq(metadata_copy(a, b, &from, &holds, &clean, &given), 0);
    ck_assert(given.lost & LOST_OWNER);
    ck_assert_int_eq(fstat(b, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0755);
}
END_TEST

START_TEST(through_names)
{
    struct holds holds = {0};
    struct stat from, to;
    struct given given = {0};
    const struct timespec times[2] = {{7, 7}, {1234567890, 123456789}};

    ck_assert_int_eq(holds_probe(dir, &holds), 0);
    ck_assert_int_eq(symlinkat("nowhere", dir, "a") | symlinkat("nowhere", dir, "b"), 0);
    ck_assert_int_eq(utimensat(dir, "a", times, AT_SYMLINK_NOFOLLOW), 0);
    ck_assert_int_eq(fstatat(dir, "a", &from, AT_SYMLINK_NOFOLLOW), 0);
    ck_assert_int_eq(metadata_copy_at(dir, "a", dir, "b", &from, &holds, &clean, &given), 0);
    ck_assert_int_eq(fstatat(dir, "b", &to, AT_SYMLINK_NOFOLLOW), 0);
    ck_assert_mem_eq(&from.st_mtim, &to.st_mtim, sizeof from.st_mtim);
    ck_assert_int_eq(mkfifoat(dir, "c", 0600) | mkfifoat(dir, "d", 0600) | fchmodat(dir, "c", 0642, 0), 0);
    ck_assert_int_eq(fstatat(dir, "c", &from, 0), 0);
    ck_assert_int_eq(metadata_copy_at(dir, "c", dir, "d", &from, &holds, &clean, &given), 0);
    ck_assert_int_eq(fstatat(dir, "d", &to, 0), 0);
    ck_assert_uint_eq(to.st_mode, from.st_mode);
}
END_TEST

START_TEST(probing_leaves_nothing)
{
    struct holds holds = {0};

    ck_assert_int_eq(holds_probe(dir, &holds), 0);
    ck_assert(holds.mode && holds.link);
    char *out = sandbox_run("ls -A '%s'", folder);
    ck_assert_str_eq(out, "");
    free(out);
}
END_TEST

Suite *suite_copy_data(void)
{
    Suite *s = suite_create("copy/data");
    TCase *c = tcase_create("content and metadata");

    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, every_size, 0, 8);
    tcase_add_loop_test(c, holes, 0, 5);
    tcase_add_test(c, grown_and_shrunk);
    tcase_add_test(c, stops_when_asked);
    tcase_add_test(c, full_disk_is_the_targets_error);
    tcase_add_test(c, all_metadata);
    tcase_add_test(c, access_lists);
    tcase_add_test(c, without_root_no_set_uid_for_others);
    tcase_add_test(c, through_names);
    tcase_add_test(c, probing_leaves_nothing);
    suite_add_tcase(s, c);
    return s;
}
