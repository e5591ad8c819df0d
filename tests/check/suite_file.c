#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/io.h"
#include "base/list_file.h"
#include "folder.h"
#include "sandbox.h"
#include "suites.h"

static char where[FOLDER_PATH], path[FOLDER_PATH + 32];
static int root;

static void set_up(void)
{
    umask(022);
    root = folder_open(where);
}

static void tear_down(void) { folder_close(root, where); }

static const char *in_folder(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", where, name);
    return path;
}

static void assert_holds(const char *name, const char *text)
{
    struct buf bytes = {0};

    ck_assert_int_eq(file_read(in_folder(name), 1000, &bytes, NULL), 0);
    ck_assert_str_eq(buf_str(&bytes), text);
    buf_free(&bytes);
}

static size_t count_names(void)
{
    struct names names;

    ck_assert_int_eq(file_list(where, &names, NULL), 0);
    size_t count = names.count;
    names_free(&names);
    return count;
}

START_TEST(replace_leaves_one_whole_file)
{
    struct stat st;

    ck_assert_int_eq(io_replace_file(root, "f", 0640, "old", 3), 0);
    ck_assert_int_eq(io_replace_file(root, "f", 0600, "newer", 5), 0);
    assert_holds("f", "newer");
    ck_assert_int_eq(fstatat(root, "f", &st, 0), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_uint_eq(count_names(), 1);
}
END_TEST

START_TEST(failed_replace_leaves_nothing)
{
    ck_assert_int_eq(mkdirat(root, "f", 0777), 0);
    ck_assert_int_lt(io_replace_file(root, "f", 0600, "x", 1), 0);
    ck_assert_uint_eq(count_names(), 1);
}
END_TEST

START_TEST(write_goes_through_a_symlink)
{
    struct stat st;

    folder_write(root, "real", "old");
    ck_assert_int_eq(symlinkat("real", root, "link"), 0);
    ck_assert_int_eq(file_write(in_folder("link"), 0600, "new", 3, NULL), 0);
    assert_holds("real", "new");
    ck_assert_int_eq(fstatat(root, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
    ck_assert(S_ISLNK(st.st_mode));
}
END_TEST

START_TEST(read_stops_at_the_limit)
{
    struct buf bytes = {0};
    struct error err = {0};

    folder_write(root, "f", "12345");
    ck_assert_int_eq(file_read(in_folder("f"), 5, &bytes, NULL), 0);
    ck_assert_int_eq(file_read(in_folder("f"), 4, &bytes, &err), -EFBIG);
    ck_assert_str_eq(err.code, "EFBIG");
    error_clear(&err);
    buf_free(&bytes);
}
END_TEST

/* What was reserved for a file and never written does not count, where the filesystem can reserve. */
START_TEST(written_ends_at_the_first_hole)
{
    folder_write(root, "whole", "0123456789");
    ck_assert_int_eq(file_written(in_folder("whole")), 10);
    folder_write(root, "empty", "");
    ck_assert_int_eq(file_written(in_folder("empty")), 0);
    int fd = openat(root, "begun", O_RDWR | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    if (fallocate(fd, 0, 0, 4 << 20) == 0) {
        static const char block[1 << 20] = "x";
        ck_assert_int_eq(file_written(in_folder("begun")), 0);
        ck_assert_int_eq(pwrite(fd, block, sizeof block, 0), sizeof block);
        ck_assert_int_eq(file_written(in_folder("begun")), sizeof block);
    }
    close(fd);
    ck_assert_int_eq(symlinkat("whole", root, "way"), 0);
    ck_assert_int_eq(file_written(in_folder("way")), -ELOOP);
    ck_assert_int_eq(mkfifoat(root, "pipe", 0600), 0);
    ck_assert_int_eq(file_written(in_folder("pipe")), -EINVAL);
    ck_assert_int_eq(file_written(in_folder("missing")), -ENOENT);
}
END_TEST

START_TEST(make_dirs)
{
    struct error err = {0};

    ck_assert_int_eq(file_make_dirs(in_folder("a/b/c"), 0700, NULL), 0);
    ck_assert_int_eq(file_make_dirs(in_folder("a/b/c/"), 0700, NULL), 0);
    folder_write(root, "f", "");
    ck_assert_int_eq(file_make_dirs(in_folder("f/x"), 0700, &err), -ENOTDIR);
    ck_assert_ptr_nonnull(strstr(err.message, "ENOTDIR: Not a directory: "));
    error_clear(&err);
    ck_assert_int_eq(file_make_dirs("", 0700, NULL), -ENOENT);
}
END_TEST

START_TEST(names_are_sorted_bytes)
{
    struct names names;

    folder_write(root, "b", "");
    folder_write(root, "\xff", "");
    folder_write(root, "B", "");
    folder_write(root, ".hidden", "");
    ck_assert_int_eq(file_list(where, &names, NULL), 0);
    ck_assert_uint_eq(names.count, 4);
    ck_assert_str_eq(names.name[0], ".hidden");
    ck_assert_str_eq(names.name[1], "B");
    ck_assert_str_eq(names.name[2], "b");
    ck_assert_str_eq(names.name[3], "\xff");
    names_free(&names);
}
END_TEST

/* The code file_read_private gives for a file of this name; "" for none. */
static const char *verdict(const char *name)
{
    static char code[16];
    struct buf bytes = {0}, real = {0};
    struct error err = {0};

    file_read_private(in_folder(name), 100, &bytes, &real, &err);
    memcpy(code, err.code, sizeof code);
    error_clear(&err);
    buf_free(&bytes);
    buf_free(&real);
    return code;
}

START_TEST(private_file_is_judged)
{
    char big[101];

    folder_write(root, "good", "x");
    ck_assert_str_eq(verdict("good"), "");
    ck_assert_str_eq(verdict("none"), "ENOENT");
    ck_assert_int_eq(symlinkat("good", root, "link"), 0);
    ck_assert_str_eq(verdict("link"), "EUNSAFE");
    ck_assert_int_eq(mkfifoat(root, "fifo", 0600), 0);
    ck_assert_str_eq(verdict("fifo"), "EUNSAFE");
    ck_assert_int_eq(mkdirat(root, "dir", 0700), 0);
    ck_assert_str_eq(verdict("dir"), "EUNSAFE");
    ck_assert_int_eq(fchmodat(root, "good", 0620, 0), 0);
    ck_assert_str_eq(verdict("good"), "EUNSAFE");
    ck_assert_int_eq(fchmodat(root, "good", 0602, 0), 0);
    ck_assert_str_eq(verdict("good"), "EUNSAFE");
    memset(big, 'x', sizeof big);
    big[100] = 0;
    folder_write(root, "big", big);
    ck_assert_str_eq(verdict("big"), "");
    ck_assert_int_eq(file_write(in_folder("big"), 0600, big, 101, NULL), 0);
    ck_assert_str_eq(verdict("big"), "EFBIG");
}
END_TEST

START_TEST(private_file_of_another_user)
{
    if (geteuid() != 0) {
        sandbox_skip("changing owners needs root");
        return;
    }
    folder_write(root, "f", "x");
    ck_assert_int_eq(fchownat(root, "f", 12345, 12345, 0), 0);
    ck_assert_str_eq(verdict("f"), "EUNSAFE");
}
END_TEST

START_TEST(private_file_has_a_canonical_path)
{
    struct buf bytes = {0}, real = {0};
    char expected[FOLDER_PATH + 32];

    ck_assert_int_eq(mkdirat(root, "dir", 0700), 0);
    folder_write(root, "dir/f", "text");
    ck_assert_int_eq(symlinkat("dir", root, "way"), 0);
    ck_assert_int_eq(file_read_private(in_folder("way/f"), 100, &bytes, &real, NULL), 0);
    snprintf(expected, sizeof expected, "%s/dir/f", where);
    ck_assert_str_eq(buf_str(&real), expected);
    ck_assert_str_eq(buf_str(&bytes), "text");
    buf_free(&bytes);
    buf_free(&real);
}
END_TEST

/* A folder that is not there is not a list that is not there yet. */
START_TEST(a_list_needs_its_folder)
{
    struct list_file list;
    struct error err = {0};

    ck_assert_int_eq(list_file_look(in_folder("list"), &err), -ENOENT);
    ck_assert_int_eq(err.errnum, 0);
    ck_assert_int_eq(list_file_look(in_folder("missing/list"), &err), -ENOTDIR);
    ck_assert_str_eq(err.code, "ENOENT");
    error_clear(&err);
    for (int append = 0; append < 2; append++) {
        ck_assert_int_lt(list_file_open(&list, in_folder("missing/list"), append, &err), 0);
        ck_assert_str_eq(err.code, "ENOENT");
        ck_assert_ptr_nonnull(strstr(err.message, "missing"));
        error_clear(&err);
    }
}
END_TEST

Suite *suite_file(void)
{
    Suite *suite = suite_create("file");
    TCase *tests = tcase_create("file");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, replace_leaves_one_whole_file);
    tcase_add_test(tests, failed_replace_leaves_nothing);
    tcase_add_test(tests, write_goes_through_a_symlink);
    tcase_add_test(tests, read_stops_at_the_limit);
    tcase_add_test(tests, written_ends_at_the_first_hole);
    tcase_add_test(tests, make_dirs);
    tcase_add_test(tests, names_are_sorted_bytes);
    tcase_add_test(tests, private_file_is_judged);
    tcase_add_test(tests, private_file_of_another_user);
    tcase_add_test(tests, private_file_has_a_canonical_path);
    tcase_add_test(tests, a_list_needs_its_folder);
    suite_add_tcase(suite, tests);
    return suite;
}
