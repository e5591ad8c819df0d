/* undo: what a manifest may name, attributes as text, trees that are removed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/tree.h"
#include "copy/xattr.h"
#include "sandbox.h"
#include "suites.h"
#include "undo/past.h"

#define OP "20311123T020000Z-7f3a"

static char folder[256];
static int root;

static void set_up(void)
{
    snprintf(folder, sizeof folder, "%s", sandbox_make());
    root = open(folder, O_RDONLY | O_DIRECTORY);
}

static void tear_down(void)
{
    close(root);
    sandbox_remove(folder);
}

START_TEST(paths_that_lead_elsewhere)
{
    static const char *const good[] = {"", "a", "a/b", "..a", "a..", ".hidden", "a/.b", "auto", "\n\xff/ ",
                                       ".autobackup", "a/.autobackupx/b"};
    static const char *const bad[] = {"/",   "/a",    "a/",  "a//b",          "..",          "../a",
                                      "a/..", "a/../b", ".",   "./a",           "a/./b",
                                      "a/.autobackup-0123456789abcdef", ".autobackup-x-0123456789abcdef/b"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(path_is_safe(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!path_is_safe(bad[i]), "%s", bad[i]);
}
END_TEST

static const struct manifest_file file = {.mode = S_IFREG | 0644, .size = 3, .mtime = 5};
static const struct manifest_file directory = {.mode = S_IFDIR | 0755, .mtime = 7};

static void write_past(const char *target)
{
    const struct who who = {.host = "h"};
    const struct manifest_head head = {.operation = OP, .kind = "copy", .replica = "one/acme/spot", .target = target,
                                       .source = "S", .who = &who};
    struct taken taken = {.path = (char *)"b", .mtime = 8, .ctime = 9};
    struct manifest_file later = directory;
    struct stat links = {.st_ino = (ino_t)-2, .st_nlink = 3};
    struct manifest m;

    later.mtime = 99;
    ck_assert_int_eq(manifest_create(root, &head, &m), 0);
    manifest_add_create(&m, "a", &file);
    manifest_add_void(&m, MANIFEST_CREATE, file.mode, "a");
    manifest_add_create(&m, "b", &file);
    manifest_add_create(&m, "../out", &file);
    manifest_add_create(&m, "", &file);
    manifest_add_folder(&m, "d", &directory);
    manifest_add_folder(&m, "d", &later);
    manifest_add_touch(&m, "d", &later, &later);
    manifest_add_attributes(&m, "d", "61=62");
    manifest_add_above(&m, "one", &directory);
    manifest_add_links(&m, "b", &links);
    manifest_add_taken(&m, &taken, &taken);
    manifest_add_rename(&m, "r/Shot", "shot");
    manifest_add_rename(&m, "r/Two", "two");
    manifest_add_void(&m, MANIFEST_RENAME, 0, "r/Two");
    manifest_add_rename(&m, "r/victim", "other");    /* no other spelling */
    manifest_add_rename(&m, "../Out", "out");
    manifest_add_rename(&m, "r/a", "r/a");
    manifest_add_rename(&m, "r/..", "..");
    ck_assert_int_eq(manifest_end(&m, "done", 1, 3), 0);
    manifest_close(&m);
}

START_TEST(the_past_as_its_manifest_tells_it)
{
    struct past past;
    struct deed deed;

    write_past("T");
    ck_assert_int_eq(past_open(root, OP, "T", &past), 0);
    ck_assert_int_eq(past.unsafe, 5);
    ck_assert_uint_eq(past.rename_count, 1);
    ck_assert_str_eq(past.renames[0].path, "r/Shot");
    ck_assert_str_eq(past.renames[0].name, "shot");
    ck_assert_int_eq(past_next(&past, &deed), 1);
    ck_assert_str_eq(deed.path, "b");
    ck_assert_uint_eq(deed.stamp, past_stamp(8, 9));
    ck_assert_uint_eq(deed.inode, (uint64_t)-2);
    ck_assert_int_eq(deed.names, 3);
    deed_free(&deed);
    ck_assert_int_eq(past_next(&past, &deed), 0);
    struct folder *d = folders_get(&past.folders, FOLDER_IN_REPLICA, "d");
    ck_assert(d->known && d->touched && !d->created && d->was.mtime == 7);
    ck_assert_str_eq(d->attributes, "61=62");
    ck_assert(folders_get(&past.folders, FOLDER_ABOVE, "one")->created);
    past_close(&past);
}
END_TEST

START_TEST(the_past_of_another_disk_is_not_followed)
{
    struct past past;

    write_past("T");
    ck_assert_int_eq(past_open(root, OP, "U", &past), -EINVAL);
    past_close(&past);
    ck_assert_int_eq(past_open(root, "20311123T020000Z-0000", "T", &past), -ENOENT);
    past_close(&past);
    free(sandbox_run("cd '%s/.autobackup/operations' && mv %s 20311123T020000Z-0000", folder, OP));
    ck_assert_int_eq(past_open(root, "20311123T020000Z-0000", "T", &past), -EINVAL);
    past_close(&past);
}
END_TEST

START_TEST(attributes_go_and_come_back)
{
    struct buf list = {0};
    char path[300], value[16];
    unsigned lost = 0;

    sandbox_text(folder, "f", "x");
    snprintf(path, sizeof path, "%s/f", folder);
    struct xattr_file f = {.path = path};
    if (setxattr(path, "user.one", "a\0b", 3, 0) < 0)
        return;    /* a filesystem without */
    ck_assert_int_eq(setxattr(path, "user.empty", "", 0, 0), 0);
    ck_assert_int_eq(xattr_pack(f, false, &list), 0);
    ck_assert_int_eq(setxattr(path, "user.two", "new", 3, 0), 0);
    ck_assert_int_eq(setxattr(path, "user.one", "changed", 7, 0), 0);
    ck_assert_int_eq(xattr_put(f, buf_str(&list), false, &lost), 0);
    ck_assert_int_eq(getxattr(path, "user.one", value, sizeof value), 3);
    ck_assert_mem_eq(value, "a\0b", 3);
    ck_assert_int_eq(getxattr(path, "user.empty", value, sizeof value), 0);
    ck_assert_int_eq(getxattr(path, "user.two", value, sizeof value), -1);
    ck_assert_int_eq(xattr_put(f, "", false, &lost), 0);
    ck_assert_int_eq(listxattr(path, value, 0), 0);
    static const char *const bad[] = {"6", "61", "=61", "61=6", "61=62,", "61=62,63", "zz=61", "00=61", "61=62 63=64"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_int_eq(xattr_put(f, bad[i], false, &lost), -EBADMSG);
    buf_free(&list);
}
END_TEST

START_TEST(a_tree_is_removed_and_added_up)
{
    struct tree_sum sum = {0}, measured = {0};

    free(sandbox_run("cd '%s' && mkdir -p canary t/a/b t/c && echo keep >canary/f && echo 12345 >t/a/b/f && "
                     "ln t/a/b/f kept && echo 123 >t/g && ln -s ../canary t/c/out && mkfifo t/p", folder));
    ck_assert_int_eq(tree_measure(root, "t", NULL, &measured), 0);
    ck_assert_int_eq(tree_remove(root, "t", NULL, &sum), 0);
    ck_assert_int_eq(sum.files, 4);
    ck_assert_int_eq(sum.bytes, 4);
    ck_assert_int_eq(measured.files, sum.files);
    ck_assert_int_eq(measured.bytes, sum.bytes);
    free(sandbox_run("cd '%s' && test ! -e t && test -e canary/f && test -e kept", folder));
    ck_assert_int_eq(tree_remove(root, "t", NULL, &sum), 0);
}
END_TEST

START_TEST(only_empty_folders_go)
{
    free(sandbox_run("cd '%s' && mkdir -p t/a/b t/c/d t/e && echo x >t/c/f", folder));
    tree_remove_folders(root, "t");
    char *left = sandbox_run("cd '%s' && find t | sort | tr '\\n' ' '", folder);
    ck_assert_str_eq(left, "t t/c t/c/f ");
    free(left);
}
END_TEST

Suite *suite_undo(void)
{
    Suite *s = suite_create("undo");
    TCase *c = tcase_create("past, attributes, trees");

    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, paths_that_lead_elsewhere);
    tcase_add_test(c, the_past_as_its_manifest_tells_it);
    tcase_add_test(c, the_past_of_another_disk_is_not_followed);
    tcase_add_test(c, attributes_go_and_come_back);
    tcase_add_test(c, a_tree_is_removed_and_added_up);
    tcase_add_test(c, only_empty_folders_go);
    suite_add_tcase(s, c);
    return s;
}
