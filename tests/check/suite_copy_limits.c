/* What filesystems cannot hold or will not do, and how a copy counts and tells it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy/folded.h"
#include "copy/lock.h"
#include "copying.h"
#include "faults.h"
#include "index/identity.h"
#include "sandbox.h"
#include "suites.h"

#define EXFAT 0x2011BAB0
#define SECOND 1000000000LL

static char source[300];

static void set_up(void)
{
    copying_open();
    faults = (struct faults){0};
    snprintf(source, sizeof source, "%s/A/", lib.folder);
}

static void tear_down(void)
{
    faults = (struct faults){0};
    copying_close();
}

static void says(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in \"%s\"", part, text);
}

/* A/P becomes what a mount of such a filesystem shows: one mode, one owner, times cut to full seconds. It was never read there. */
static void show_as(uint32_t type, int64_t granularity)
{
    free(sandbox_run("cd '%s'/A/" P " && find . -exec chmod 777 {} + && find . -exec chown $(id -u):$(id -g) {} + && "
                     "find . -depth | while IFS= read -r f; do touch -d @$(stat -c %%Y \"$f\") \"$f\"; done",
                     lib.folder));
    free(sandbox_run("sqlite3 -cmd '.timeout 30000' '%s' \"PRAGMA foreign_keys = ON; DELETE FROM replica WHERE database = "
                     "(SELECT id FROM database WHERE name = 'A')\"", lib.path));
    faults.below = source;
    faults.type = type;
    copying_granularity = granularity;
}

static char *listing(void)
{
    return sandbox_run("cd '%s'/B/" P " && find . -printf '%%p %%m %%U %%G %%T@\\n' | sort", lib.folder);
}

/* Three files that were copied out, as root some of another owner's, and now come back from a disk without modes. */
static void came_back(uint32_t type)
{
    if (geteuid() != 0)
        sandbox_skip("in part: files of another owner's need root");
    free(sandbox_run("mkdir -p '%s'/A/" P "/d && cd '%s'/A/" P " && echo 1 >d/1 && echo 2 >d/2 && echo 3 >3 && "
                     "chmod 640 d/1 && chmod 600 3 && chmod 750 d && { test $(id -u) != 0 || chown 12:34 d/1 d 3; }",
                     lib.folder, lib.folder));
    copying_run();
    copying_is_same();
    show_as(type, SECOND);
}

START_TEST(modes_of_a_mount_are_no_correction)
{
    static const uint32_t types[] = {EXFAT, MSDOS_SUPER_MAGIC, FUSE_SUPER_MAGIC, SMB2_SUPER_MAGIC};

    came_back(types[_i]);
    char *before = listing();
    copying_run();
    copying_is_done();
    char *after = listing();
    ck_assert_str_eq(before, after);
    ck_assert_int_eq(out.copied + out.metadata + out.notes, 0);
    ck_assert_int_eq(out.unchanged, 3);
    free(before);
    free(after);
}
END_TEST

START_TEST(real_modes_of_a_doubtful_source_are_corrected)
{
    came_back(FUSE_SUPER_MAGIC);
    free(sandbox_run("chmod 640 '%s'/A/" P "/d/2", lib.folder));
    copying_run();
    copying_is_done();
    ck_assert_int_gt(out.metadata, 2);
    free(sandbox_run("cd '%s'/B/" P " && test \"$(stat -c %%a:%%u 3 d/2)\" = \"$(printf '777:%%d\\n640:%%d' $(id -u) $(id -u))\"",
                     lib.folder));
}
END_TEST

START_TEST(times_that_agree_are_not_cut)
{
    came_back(EXFAT);
    faults.type = 0;
    char *before = sandbox_run("cd '%s'/B/" P " && stat -c %%y . d d/1 d/2 3", lib.folder);
    copying_run();
    copying_is_done();
    ck_assert_int_gt(out.metadata, 3);
    char *after = sandbox_run("cd '%s'/B/" P " && stat -c %%y . d d/1 d/2 3", lib.folder);
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}
END_TEST

START_TEST(a_changed_file_keeps_its_mode_and_a_new_one_gets_a_sane_one)
{
    came_back(EXFAT);
    free(sandbox_run("cd '%s'/A/" P " && echo longer >d/1 && mkdir new && echo 4 >new/4 && chmod 777 new new/4",
                     lib.folder));
    umask(027);
    copying_run();
    umask(022);
    copying_is_done();
    ck_assert_int_eq(out.copied, 2);
    char *modes = sandbox_run("cd '%s'/B/" P " && stat -c %%a:%%u d/1 new new/4 d", lib.folder);
    char *expected = sandbox_run("me=$(id -u); them=$me; test $me != 0 || them=12; "
                                 "printf '640:%%d\n750:%%d\n750:%%d\n750:%%d\n' $them $me $me $them");
    ck_assert_str_eq(modes, expected);
    free(modes);
    free(expected);
}
END_TEST

START_TEST(what_cannot_be_made_is_one_problem)
{
    static const int errors[] = {EIO, ENOSYS, EPERM};

    copying_plant();
    faults.mknod_errno = errors[_i];
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.failed, 1);
    ck_assert_int_eq(out.failed_files, 0);
    says(out.problem, "cannot hold FIFOs");
    ck_assert_int_eq(out.copied, 203);
    copying_adds_up();
}
END_TEST

START_TEST(a_disk_that_fills_up_says_what_is_left)
{
    copying_plant();
    faults.times_left = 50;
    copying_run();
    ck_assert_str_eq(out.type, "failed");
    ck_assert_str_eq(out.code, "ENOSPC");
    ck_assert_int_gt(out.left, 100);
    copying_adds_up();
}
END_TEST

START_TEST(all_files_are_counted_once)
{
    copying_plant();
    copying.dry_run = _i;
    sandbox_text(lib.folder, "B/" P "/d3", "a file where a directory with files should be");
    sandbox_text(lib.folder, "B/" P "/d4/e1/f4", "newer here");
    copying_load();
    if (!_i)
        free(sandbox_run("rm '%s'/A/" P "/d1/e1/f22", lib.folder));
    copying_finish(copying_start());
    copying_is_done();
    ck_assert_int_eq(out.conflicts, 2);
    ck_assert_int_eq(out.conflicting_files, 1);
    ck_assert_int_gt(out.left, 20);
    free(sandbox_run("test -e '%s'/A/" P "/d1/e1/f22 || touch '%s'/A/" P "/d1/e1/f22", lib.folder, lib.folder));
    copying_adds_up();
}
END_TEST

/* A problem of a file that needs no copy takes it out of the unchanged ones. */
START_TEST(a_correction_that_fails_counts_once)
{
    copying_plant();
    copying_run();
    free(sandbox_run("chmod 600 '%s'/A/" P "/d4/e1/f4", lib.folder));
    copying_load();
    free(sandbox_run("chmod 604 '%s'/B/" P "/d4/e1/f4", lib.folder));
    copying_finish(copying_start());
    ck_assert_int_eq(out.conflicting_files, 1);
    ck_assert_int_eq(out.unchanged, 202);
    copying_adds_up();
}
END_TEST

START_TEST(a_version_does_not_change_with_a_live_name)
{
    free(sandbox_run("cd '%s' && mkdir -p A/" P "/d B/" P "/d && echo old >B/" P "/one && ln B/" P "/one B/" P
                     "/d/two && ln B/" P "/one B/live && touch -d 2001-01-01 B/live && echo newer >A/" P
                     "/one && echo newer >A/" P "/d/two",
                     lib.folder));
    copying.mirror = true;
    if (_i)
        free(sandbox_run("rm '%s'/A/" P "/one", lib.folder));
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.replaced + out.removed, 2);
    free(sandbox_run("cd '%s'/B && echo edited >live && cd .autobackup/versions/%s/" P
                     " && test \"$(cat one d/two)\" = 'old\nold' && test one -ef d/two",
                     lib.folder, out.operation));
    copying_is_same();
}
END_TEST

START_TEST(room_is_checked_in_a_dry_run_too)
{
    copying_plant();
    copying.dry_run = true;
    faults.bytes_free = 123456;
    copying_run();
    copying_is_done();
    ck_assert_str_eq(out.problem_code, "ENOSPC");
    says(out.problem, "no room for it on B beside the smaller files: ");
    int64_t planned = out.failed_files;
    ck_assert_int_gt(planned, 0);
    ck_assert_int_lt(planned, 203);
    copying.dry_run = false;
    copying_run();
    copying_is_done();
    ck_assert_str_eq(out.problem_code, "ENOSPC");
    ck_assert_int_eq(out.failed_files, planned);
    ck_assert_int_eq(out.copied, 203 - planned);
}
END_TEST

START_TEST(room_that_is_not_known_is_not_checked)
{
    copying_plant();
    faults.bytes_free = -1;
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.copied, 203);
}
END_TEST

START_TEST(a_conflict_of_types_is_no_newer_file)
{
    free(sandbox_run("mkdir -p '%s'/A/" P "/x '%s'/B/" P " && touch '%s'/B/" P "/x", lib.folder, lib.folder,
                     lib.folder));
    copying.dry_run = true;
    copying_run();
    ck_assert_str_eq(out.action, "type");
    says(out.problem, "move one of them away by hand");
}
END_TEST

START_TEST(names_that_differ_only_in_case)
{
    sandbox_text(lib.folder, "A/" P "/File.txt", "1");
    sandbox_text(lib.folder, "A/" P "/file.txt", "2");
    sandbox_text(lib.folder, "A/" P "/Dir/1", "1");
    sandbox_text(lib.folder, "A/" P "/dir/2", "2");
    faults.caseless = true;
    copying_run();
    copying_is_done();
    ck_assert_int_eq(out.conflicts, 2);
    ck_assert_str_eq(out.problem_code, "EEXIST");
    says(out.problem, "the destination cannot hold names that differ only in case from ");
    ck_assert_int_eq(out.copied, 2);
    ck_assert_int_eq(out.left, 1);
    copying_adds_up();
    free(sandbox_run("cd '%s'/B/" P " && test ! -e dir && test $(ls Dir) = 1", lib.folder));
}
END_TEST

START_TEST(a_name_that_is_there_is_not_a_matter_of_case)
{
    char other[300];

    sandbox_text(lib.folder, "A/name", "1");
    sandbox_text(lib.folder, "A/NAME", "2");
    int dir = open(source, O_RDONLY | O_DIRECTORY);
    ck_assert(!folded_is_taken(dir, "name", other));
    ck_assert(!folded_is_taken(dir, "nothing", other));
    ck_assert(folded_is_taken(dir, "Name", other));
    close(dir);
}
END_TEST

START_TEST(a_name_that_the_filesystem_cannot_hold)
{
    static const char *const odd[] = {"A/" P "/scene: 2.txt", "A/" P "/take:1/clip.mov"};

    sandbox_text(lib.folder, "A/" P "/plain.txt", "1");
    sandbox_text(lib.folder, odd[_i], "2");
    faults.windows_names = true;
    copying_run();
    copying_is_done();
    ck_assert_str_eq(out.problem_code, "EINVAL");
    says(out.problem, _i ? "take:1: the filesystem of B cannot hold this name" :
                           "scene: 2.txt: the filesystem of B cannot hold this name");
    ck_assert(!strstr(out.problem, "Invalid argument"));
    ck_assert_int_eq(out.copied, 1);
    copying_adds_up();
    free(sandbox_run("cd '%s' && cmp A/" P "/plain.txt B/" P "/plain.txt", lib.folder));
}
END_TEST

START_TEST(owners_are_kept_only_by_root)
{
    sandbox_text(lib.folder, "A/" P "/f", "1");
    if (geteuid() != 0) {
        sandbox_skip("changing groups needs root");
        return;
    }
    free(sandbox_run("chgrp 12 '%s'/A/" P "/f", lib.folder));
    sandbox_drop_root(lib.folder);
    copying_run();
    copying_is_done();
    ck_assert_str_eq(out.note, "owners are kept only by root: left out there");
}
END_TEST

START_TEST(a_source_folder_without_permission_is_named)
{
    char path[600];

    copying_plant();
    if (!sandbox_drop_root(lib.folder))
        return;
    copying_read("d4/e1/f4");
    copying_run();
    free(sandbox_run("chmod 600 '%s'/A/" P "/d4/e1/f4", lib.folder));
    copying_read("d4/e1/f4");
    copying_load();
    free(sandbox_run("chmod 000 '%s'/A/" P "/d4/e1", lib.folder));
    copying_finish(copying_start());
    copying_is_done();
    snprintf(path, sizeof path, "EACCES: Permission denied: %s/A/" P "/d4/e1", lib.folder);
    says(out.problem, path);
    ck_assert_int_eq(out.problems, 2);
    ck_assert_int_eq(out.failed_files, 1);
}
END_TEST

START_TEST(a_read_only_destination)
{
    struct error err = {0};
    int root = open(lib.folder, O_RDONLY | O_DIRECTORY);

    faults.mkdir_errno = EROFS;
    ck_assert_int_eq(lock_take(root, "XFS", "me", 0, NULL, NULL, &err), -EROFS);
    ck_assert_str_eq(err.message, "XFS cannot be written (read-only filesystem): remount it or choose another "
                                  "destination");
    ck_assert_str_eq(err.code, "EROFS");
    error_clear(&err);
    close(root);
}
END_TEST

START_TEST(something_else_on_the_way_to_the_replica)
{
    char part[400];

    copying_plant();
    free(sandbox_run(_i ? "mkdir -p '%s'/B/one && touch '%s'/B/one/acme" : "mkdir '%s'/x && ln -s ../x '%s'/B/one",
                     lib.folder, lib.folder));
    copying_load();
    copying_finish(copying_start());
    ck_assert_str_eq(out.type, "failed");
    snprintf(part, sizeof part, "%s/B/%s, not a directory", lib.folder,
             _i ? "one/acme is a file" : "one is a symlink");
    says(out.message, part);
    says(out.message, "move it away by hand or choose another destination");
}
END_TEST

START_TEST(what_was_swept_is_told_in_words)
{
    copying_plant();
    copying_run();
    free(sandbox_run("cd '%s'/B && cp .autobackup/operations/%s .autobackup/operations/dead.open && echo t >" P
                     "/d1/.autobackup-0123456789abcdef",
                     lib.folder, out.operation));
    copying_run();
    ck_assert_str_eq(out.note, "removed 1 temporary file of an unfinished operation");
    free(sandbox_run("cd '%s'/B && cp .autobackup/operations/%s .autobackup/operations/dead2.open", lib.folder,
                     "dead"));
    copying_run();
    ck_assert_int_eq(out.notes, 0);
}
END_TEST

START_TEST(the_lock_of_a_whole_command)
{
    struct error err = {0};
    char *root = copying_root("B"), *id = copying_identity("B");

    copying_plant();
    copying_load();
    int lock = lock_open(root, id, "B", "copy, pid 4711, since 02:00", 0, NULL, &err);
    ck_assert_int_ge(lock, 0);
    copying_finish(copying_start());
    ck_assert_str_eq(out.code, "EBUSY");
    ck_assert_str_eq(out.message, "B is busy: copy, pid 4711, since 02:00; wait for it with --lock-wait");
    copying.locked = true;
    copying_finish(copying_start());
    copying_is_done();
    ck_assert_int_eq(lock_open(root, id, "B", "x", 0, NULL, NULL), -EBUSY);
    lock_give_back(lock);
    ck_assert_int_eq(lock_open(root, "another", "B", "x", 0, NULL, &err), -ENXIO);
    error_clear(&err);
    free(root);
    free(id);
}
END_TEST

Suite *suite_copy_limits(void)
{
    Suite *s = suite_create("copy/limits");
    TCase *c = tcase_create("limits");

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, modes_of_a_mount_are_no_correction, 0, 4);
    tcase_add_test(c, real_modes_of_a_doubtful_source_are_corrected);
    tcase_add_test(c, times_that_agree_are_not_cut);
    tcase_add_test(c, a_changed_file_keeps_its_mode_and_a_new_one_gets_a_sane_one);
    tcase_add_loop_test(c, what_cannot_be_made_is_one_problem, 0, 3);
    tcase_add_test(c, a_disk_that_fills_up_says_what_is_left);
    tcase_add_loop_test(c, all_files_are_counted_once, 0, 2);
    tcase_add_test(c, a_correction_that_fails_counts_once);
    tcase_add_loop_test(c, a_version_does_not_change_with_a_live_name, 0, 2);
    tcase_add_test(c, room_is_checked_in_a_dry_run_too);
    tcase_add_test(c, room_that_is_not_known_is_not_checked);
    tcase_add_test(c, a_conflict_of_types_is_no_newer_file);
    tcase_add_test(c, names_that_differ_only_in_case);
    tcase_add_test(c, a_name_that_is_there_is_not_a_matter_of_case);
    tcase_add_loop_test(c, a_name_that_the_filesystem_cannot_hold, 0, 2);
    tcase_add_test(c, owners_are_kept_only_by_root);
    tcase_add_test(c, a_source_folder_without_permission_is_named);
    tcase_add_test(c, a_read_only_destination);
    tcase_add_loop_test(c, something_else_on_the_way_to_the_replica, 0, 2);
    tcase_add_test(c, what_was_swept_is_told_in_words);
    tcase_add_test(c, the_lock_of_a_whole_command);
    suite_add_tcase(s, c);
    return s;
}
