#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/ours.h"
#include "base/path.h"
#include "folder.h"
#include "suites.h"

static char where[FOLDER_PATH];
static int root;

static void set_up(void)
{
    root = folder_open(where);
    ck_assert_int_eq(mkdirat(root, "dir", 0777), 0);
    ck_assert_int_eq(mkdirat(root, "dir/sub", 0777), 0);
    folder_write(root, "dir/file", "x");
    ck_assert_int_eq(symlinkat("dir", root, "link"), 0);
    ck_assert_int_eq(symlinkat("file", root, "dir/linked"), 0);
}

static void tear_down(void) { folder_close(root, where); }

static int try(const char *path)
{
    int fd = path_open(root, path, O_RDONLY, 0);
    if (fd < 0)
        return fd;
    ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    return 0;
}

START_TEST(opens_what_is_below)
{
    ck_assert_int_eq(try("dir/file"), 0);
    ck_assert_int_eq(try("dir/sub"), 0);
    ck_assert_int_eq(try(""), 0);
    ck_assert_int_eq(try("."), 0);
    ck_assert_int_eq(try("dir//file"), 0);
    ck_assert_int_eq(try("dir/none"), -ENOENT);
    ck_assert_int_eq(try("dir/file/x"), -ENOTDIR);
}
END_TEST

START_TEST(follows_no_symlink)
{
    ck_assert_int_eq(try("link"), -ELOOP);
    ck_assert_int_eq(try("link/file"), -ELOOP);
    ck_assert_int_eq(try("dir/linked"), -ELOOP);
}
END_TEST

START_TEST(stays_below)
{
    ck_assert_int_eq(try("/etc/passwd"), -EXDEV);
    ck_assert_int_eq(try(".."), -EXDEV);
    ck_assert_int_eq(try("dir/../../etc"), -EXDEV);
}
END_TEST

/* A path of `count` folders with 200-byte names. */
static char *deep_path(int count)
{
    struct buf path = {0};

    for (int i = 0; i < count; i++) {
        for (int j = 0; j < 200; j++)
            buf_add_byte(&path, 'd');
        buf_add_byte(&path, '/');
    }
    buf_add_str(&path, "end");
    return buf_take(&path);
}

START_TEST(deeper_than_path_max)
{
    char *path = deep_path(60);
    const char *name;

    ck_assert_uint_gt(strlen(path), 2 * PATH_MAX);
    int made = ours_make_dirs(root, path, NULL);
    ck_assert_int_ge(made, 0);
    folder_write(made, "file", "deep");
    close(made);
    int opened = path_open_dir(root, path);
    ck_assert_int_ge(opened, 0);
    ck_assert_int_eq(faccessat(opened, "file", F_OK, 0), 0);
    close(opened);
    int parent = path_open_parent(root, path, &name);
    ck_assert_int_ge(parent, 0);
    ck_assert_str_eq(name, "end");
    close(parent);
    free(path);
}
END_TEST

START_TEST(deep_paths_follow_no_symlink_either)
{
    char *path = deep_path(60);
    int made = ours_make_dirs(root, path, NULL);

    close(made);
    struct buf through = {0};
    buf_add(&through, path, 200);
    ck_assert_int_eq(symlinkat(buf_str(&through), root, "loop"), 0);
    buf_clear(&through);
    buf_add_str(&through, "loop");
    buf_add_str(&through, path + 200);
    int code = path_open_dir(root, buf_str(&through));
    ck_assert_msg(code == -ELOOP || code == -ENOTDIR, "got %d", code);
    buf_free(&through);
    free(path);
}
END_TEST

START_TEST(makes_missing_folders_only)
{
    struct stat st;

    ck_assert_int_eq(fchmod(root, 02750), 0);
    ck_assert_int_eq(fchmodat(root, "dir", 0711, 0), 0);
    int fd = ours_make_dirs(root, "dir/new/newer", NULL);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 02750);
    close(fd);
    ck_assert_int_eq(fstatat(root, "dir", &st, 0), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0711);
    ck_assert_int_lt(ours_make_dirs(root, "link/new", NULL), 0);
    ck_assert_int_lt(ours_make_dirs(root, "dir/file/new", NULL), 0);
    ck_assert_int_eq(ours_make_dirs(root, "dir/../out", NULL), -EXDEV);
    ck_assert_int_eq(ours_make_dirs(root, "/tmp/out", NULL), -EXDEV);
}
END_TEST

START_TEST(parent_of_a_name)
{
    const char *name;
    int fd = path_open_parent(root, "dir/file", &name);

    ck_assert_int_ge(fd, 0);
    ck_assert_str_eq(name, "file");
    ck_assert_int_eq(faccessat(fd, "file", F_OK, 0), 0);
    close(fd);
    fd = path_open_parent(root, "dir", &name);
    ck_assert_int_ge(fd, 0);
    ck_assert_str_eq(name, "dir");
    close(fd);
}
END_TEST

START_TEST(our_names)
{
    static const char *const ours[] = {".autobackup-0123456789abcdef", ".autobackup-x-0123456789abcdef",
                                       ".autobackup-p-0123456789abcdef"};
    static const char *const others[] = {".autobackup", ".autobackup-", ".autobackup-1f", ".autobackup-0123456789abcdeg",
                                         ".autobackup-0123456789abcdef0", ".autobackup-y-0123456789abcdef",
                                         ".autobackup-xx0123456789abcdef", "x.autobackup-0123456789abcdef",
                                         ".autobackup-0123456789ABCDEF", ".autobackup.0123456789abcdef", ""};

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        ck_assert_msg(path_is_ours(ours[i], strlen(ours[i])), "%s", ours[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_msg(!path_is_ours(others[i], strlen(others[i])), "%s", others[i]);
    ck_assert(path_is_our_folder(".autobackup", 11) && path_is_our_folder(".AutoBackup/x", 11));
    ck_assert(!path_is_our_folder(".autobackup-", 12) && !path_is_our_folder(".autobacku", 10));
    ck_assert(path_is_safe("a/.autobackup/b") && path_is_safe(".autobackup"));
    ck_assert(path_is_safe_below_root("a/.autobackup/b") && path_is_safe_below_root(".autobackup-notes"));
    ck_assert(!path_is_safe_below_root(".autobackup") && !path_is_safe_below_root(".AUTOBACKUP/versions"));
    ck_assert(!path_is_safe_below_root("../a"));
}
END_TEST

Suite *suite_path(void)
{
    Suite *suite = suite_create("path");
    TCase *tests = tcase_create("path");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, opens_what_is_below);
    tcase_add_test(tests, follows_no_symlink);
    tcase_add_test(tests, stays_below);
    tcase_add_test(tests, deeper_than_path_max);
    tcase_add_test(tests, deep_paths_follow_no_symlink_either);
    tcase_add_test(tests, makes_missing_folders_only);
    tcase_add_test(tests, parent_of_a_name);
    tcase_add_test(tests, our_names);
    suite_add_tcase(suite, tests);
    return suite;
}
