#include <errno.h>
#include <libmount/libmount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "index/identity.h"
#include "index/mount.h"
#include "sandbox.h"
#include "suites.h"

#define A "11111111-2222-4333-8444-555555555555"
#define B "66666666-7777-4888-9999-000000000000"

static char where[FOLDER_PATH];
static int root;

static void set_up(void) { root = folder_open(where); }
static void tear_down(void) { folder_close(root, where); }

START_TEST(names_of_filesystems)
{
    static const struct { const char *a, *b; enum volumes come_to; } cases[] = {
        {"uuid:1-2", "uuid:1-2", VOLUMES_SAME},
        {"uuid:1-2", "uuid:1-3", VOLUMES_OTHER},
        {"fsid:ext4:1", "fsid:ext4:2", VOLUMES_OTHER},
        {"at:nas:/a", "at:nas:/b", VOLUMES_OTHER},
        {"uuid:1-2", "at:nas:/a", VOLUMES_OTHER},
        {"fsid:ext4:1", "at:nas:/a", VOLUMES_OTHER},
        {"uuid:1-2", "fsid:ext4:1", VOLUMES_UNKNOWN},
        {"fsid:ext4:1", "uuid:1-2", VOLUMES_UNKNOWN},
        {"fsid:ext4:8b15357e67af6261", "uuid:f0788f98-bc3d-4cca-911a-20ffc2085941", VOLUMES_SAME},    /* as Linux has it */
        {"uuid:f0788f98-bc3d-4cca-911a-20ffc2085941", "fsid:ext3:8b15357e67af6261", VOLUMES_SAME},
        {"uuid:f0788f98-bc3d-4cca-911a-20ffc2085942", "fsid:ext4:8b15357e67af6261", VOLUMES_OTHER},
        {"uuid:f0788f98-bc3d-4cca-911a-20ffc2085941", "fsid:btrfs:8b15357e67af6261", VOLUMES_UNKNOWN},
        {"uuid:f0788f98-bc3d-4cca-911a-20ffc20859411", "fsid:ext4:8b15357e67af6261", VOLUMES_UNKNOWN},
        {"none:tmpfs", "uuid:1-2", VOLUMES_OTHER},
        {"at:nas:/a", "none:tmpfs", VOLUMES_OTHER},
        {"none:fuse.shows", "none:tmpfs", VOLUMES_OTHER},
        {"none:tmpfs", "none:tmpfs", VOLUMES_UNKNOWN},
        {"none:tmpfs", "", VOLUMES_UNKNOWN},
        {"none:fuse.shows", "uuid:1-2", VOLUMES_UNKNOWN},
        {"none:fuse.shows", "none:fuse.hides", VOLUMES_UNKNOWN},
        {"", "uuid:1-2", VOLUMES_UNKNOWN},
        {"", "", VOLUMES_UNKNOWN},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(volumes_compare(cases[i].a, cases[i].b) == cases[i].come_to, "%s and %s", cases[i].a, cases[i].b);
}
END_TEST

START_TEST(identities)
{
    static const struct { const char *known, *found; enum identities come_to; } cases[] = {
        {A "@uuid:1", A "@uuid:1", IDENTITIES_SAME},
        {A "@uuid:1", A "@uuid:2", IDENTITIES_CLONE},
        {A "@uuid:1", A "@at:nas:/x", IDENTITIES_CLONE},
        {A "@uuid:1", B "@uuid:1", IDENTITIES_OTHER},
        {A, A "@uuid:1", IDENTITIES_SAME},
        {A "@uuid:1", A, IDENTITIES_SAME},
        {A "@uuid:1", A "@fsid:ext4:9", IDENTITIES_SAME},
        {A "@uuid:1", A "@none:tmpfs", IDENTITIES_CLONE},
        {A, A "@none:tmpfs", IDENTITIES_SAME},
        {A "@none:tmpfs", A "@none:tmpfs", IDENTITIES_SAME},
        {A, A "0", IDENTITIES_OTHER},
        {A, "", IDENTITIES_OTHER},
        {"", "", IDENTITIES_OTHER},
        {"fs:ext4:1", "fs:ext4:1", IDENTITIES_SAME},
        {"fs:ext4:1", "fs:ext4:2", IDENTITIES_OTHER},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(identity_compare(cases[i].known, cases[i].found) == cases[i].come_to, "%s and %s", cases[i].known,
                      cases[i].found);
    ck_assert(identity_has_id(A "@uuid:1", A));
    ck_assert(identity_has_id(A, A));
    ck_assert(!identity_has_id(A "@uuid:1", B));
    ck_assert(!identity_has_id(A "@uuid:1", A "@uuid:1"));
    ck_assert(!identity_has_id(A, "1"));
}
END_TEST

START_TEST(a_marker_is_never_written_over)
{
    struct identity first, second;

    ck_assert_int_eq(identity_write(root, "ONE", false, NULL), 0);
    ck_assert_int_eq(identity_read(root, &first, NULL), 0);
    ck_assert(first.marker);
    ck_assert_int_eq(identity_write(root, "TWO", false, NULL), -EEXIST);
    ck_assert_int_eq(identity_read(root, &second, NULL), 0);
    ck_assert_str_eq(first.text, second.text);
    char *names = sandbox_run("ls -A %s/.autobackup", where);
    ck_assert_str_eq(names, "database.json\n");
    free(names);
    ck_assert_int_eq(identity_write(root, "TWO", true, NULL), 0);
    ck_assert_int_eq(identity_read(root, &second, NULL), 0);
    ck_assert(!identity_has_id(first.text, second.text) && identity_compare(first.text, second.text) == IDENTITIES_OTHER);
}
END_TEST

/* Oracle: findmnt. */
START_TEST(a_place_in_its_filesystem)
{
    char place[IDENTITY_PLACE];

    ck_assert_int_eq(identity_place(root, place), 0);
    char *expected = sandbox_run("t=$(findmnt -no TARGET --target %s) && r=$(findmnt -no FSROOT --target %s) && p=$(realpath %s) && "
                                 "printf %%s \"${r%%/}${p#\"${t%%/}\"}\"", where, where, where);
    ck_assert_str_eq(place, expected);
    free(expected);
}
END_TEST

static const char *missing(const char *path)
{
    static char said[200];
    char *source, *target;

    if (!mount_is_missing(path, &source, &target))
        return "";
    snprintf(said, sizeof said, "%s at %s", source, target);
    free(source);
    free(target);
    return said;
}

START_TEST(what_fstab_wants)
{
    char path[FOLDER_PATH + 8];

    sandbox_text(where, "fstab", "# a comment /no/where\nLABEL=NAS\t/no/NAS/ ext4 defaults 0 2\n/dev/x /no/my\\040disk vfat\n"
                                 "proc /proc proc\n/dev/y none swap sw 0 0\nthis is no line\n/dev/z / ext4\n");
    snprintf(path, sizeof path, "%s/fstab", where);
    setenv("LIBMOUNT_FSTAB", path, 1);
    if (strcmp(mnt_get_fstab_path(), path) != 0) {    /* some versions heed it for root only */
        sandbox_skip("libmount reads no other fstab for this user");
        return;
    }
    ck_assert_str_eq(missing("/no/NAS"), "LABEL=NAS at /no/NAS");
    ck_assert_str_eq(missing("/no/NAS/in/it"), "LABEL=NAS at /no/NAS");
    ck_assert_str_eq(missing("/no/my disk"), "/dev/x at /no/my disk");
    ck_assert_str_eq(missing("/no/NAS2"), "");
    ck_assert_str_eq(missing("/no"), "");
    ck_assert_str_eq(missing("/proc"), "");
    ck_assert_str_eq(missing("/"), "");
    unsetenv("LIBMOUNT_FSTAB");
}
END_TEST

Suite *suite_identity(void)
{
    Suite *suite = suite_create("identity");
    TCase *tests = tcase_create("identity");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, names_of_filesystems);
    tcase_add_test(tests, identities);
    tcase_add_test(tests, a_marker_is_never_written_over);
    tcase_add_test(tests, a_place_in_its_filesystem);
    tcase_add_test(tests, what_fstab_wants);
    suite_add_tcase(suite, tests);
    return suite;
}
