/* classify: every verdict, from hand-made entries. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "copy/classify.h"
#include "suites.h"

#define SEC 1000000000LL

static struct entry left, right;
static struct merge_pair pair;
static struct classify_options options;
static struct verdict verdict;

static void set_up(void)
{
    left = (struct entry){.name = "f",
                          .name_len = 1,
                          .mode = S_IFREG | 0644,
                          .size = 10,
                          .mtime = 100 * SEC,
                          .ctime = 100 * SEC,
                          .nlink = 1};
    right = left;
    pair = (struct merge_pair){.left = &left, .right = &right};
    options = (struct classify_options){.keeps_mode = true, .keeps_owner = true};
}

static enum verdict_kind judge(void)
{
    classify(&pair, &options, &verdict);
    return verdict.kind;
}

static void both_types(mode_t type)
{
    left.mode = right.mode = type | 0644;
}

START_TEST(files)
{
    ck_assert_int_eq(judge(), VERDICT_SAME);
    pair.right = NULL;
    ck_assert_int_eq(judge(), VERDICT_NEW);
    pair.right = &right;
    right.size = 9;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
    right = left;
    right.mtime -= SEC;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
    pair.left = NULL;
    ck_assert_int_eq(judge(), VERDICT_EXTRA);
    ck_assert(!verdict.block);
}
END_TEST

static bool may_differ(void)
{
    judge();
    return classify_may_differ(&pair, &options, &verdict);
}

/* Whatever is known of the content. */
START_TEST(attributes)
{
    options.shows_change = true;
    ck_assert(may_differ());
    right.ctime = left.ctime + 24 * 3600 * SEC;    /* rsync may have made it long after */
    ck_assert(may_differ());
    options.shows_change = false;
    ck_assert(may_differ());
    options.shows_change = true;
    pair.left_state = pair.right_state = DIGEST_CONFIRMED;    /* both may have been made from a third one */
    ck_assert(may_differ());
    options.attributes = true;
    ck_assert(may_differ());
    options.attributes = false;
    right.mode = S_IFREG | 0600;
    ck_assert(!may_differ());    /* it is corrected anyway */
}
END_TEST

/* Of what is no file no digest is known. */
START_TEST(attributes_of_others)
{
    static const mode_t types[] = {S_IFLNK, S_IFIFO, S_IFCHR, S_IFDIR};

    options.shows_change = true;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        both_types(types[i]);
        right.ctime = left.ctime;
        ck_assert(may_differ());
        right.ctime = left.ctime + 24 * 3600 * SEC;    /* rsync may have made the copy long after */
        ck_assert(may_differ() == !S_ISDIR(types[i]));
    }
    both_types(S_IFSOCK);
    right.ctime = left.ctime;
    ck_assert(!may_differ());
}
END_TEST

START_TEST(granularity_of_times)
{
    options.traits.right.granularity = 2 * SEC;
    right.mtime = left.mtime - 2 * SEC + 1;
    ck_assert_int_eq(judge(), VERDICT_SAME);
    right.mtime = left.mtime - 2 * SEC;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
    right.mtime = left.mtime + 2 * SEC - 1;
    ck_assert_int_eq(judge(), VERDICT_SAME);
    options.traits.right.granularity = 0;
    right.mtime = left.mtime - 1;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
}
END_TEST

/* Its time there is when it came. */
START_TEST(where_no_times_are_kept)
{
    options.traits.right.drops_times = true;
    right.mtime = left.mtime + 5 * SEC;
    ck_assert_int_eq(judge(), VERDICT_CONFLICT);
    ck_assert_str_eq(verdict.code, "EDOUBT");
    pair.left_state = pair.right_state = DIGEST_CONFIRMED;
    ck_assert_int_eq(judge(), VERDICT_SAME);
    pair.left_state = DIGEST_NONE;
    left.mtime = right.mtime + SEC;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
    right.size = 3;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
    left.mtime = right.mtime - SEC;
    ck_assert_int_eq(judge(), VERDICT_CONFLICT);
    ck_assert_str_eq(verdict.code, "ENEWER");
    right.size = left.size;    /* what came later need not be later work */
    pair.left_state = DIGEST_CONFIRMED;
    pair.left_digest.bytes[0] = 1;
    ck_assert_int_eq(judge(), VERDICT_CONFLICT);
    ck_assert_str_eq(verdict.code, "EDIGEST");
    left.mtime = right.mtime + SEC;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
    options.traits = (struct traits_pair){.left.drops_times = true};
    ck_assert_int_eq(judge(), VERDICT_CONFLICT);
    ck_assert_str_eq(verdict.code, "EDIGEST");
}
END_TEST

/* What is there may be the other side's time, rounded: neither is known to be newer. */
START_TEST(where_times_may_be_rounded)
{
    for (int to = 0; to < 2; to++) {
        struct traits *locked = to ? &options.traits.right : &options.traits.left;
        options.traits = (struct traits_pair){0};
        *locked = (struct traits){.source = TRAITS_UNKNOWN, .granularity = SEC};
        pair.left_state = pair.right_state = DIGEST_NONE;
        left.mtime = (to ? 100 : 101) * SEC;
        right.mtime = (to ? 101 : 100) * SEC;
        left.mtime += to * (SEC / 2), right.mtime += !to * (SEC / 2);
        ck_assert_int_eq(judge(), VERDICT_CONFLICT);
        ck_assert_str_eq(verdict.code, "EDOUBT");
        pair.left_state = pair.right_state = DIGEST_CONFIRMED;
        ck_assert_int_eq(judge(), VERDICT_SAME);
        pair.left_digest.bytes[0] = 1;
        ck_assert_int_eq(judge(), VERDICT_CONFLICT);
        ck_assert_str_eq(verdict.code, "EDIGEST");
        pair.left_accepted = true;
        ck_assert_int_eq(judge(), VERDICT_CHANGED);
        pair.left_accepted = false;
        pair.right_written = true;
        ck_assert_int_eq(judge(), VERDICT_CONFLICT);
        ck_assert_str_eq(verdict.code, "ENEWER");
        pair.right_written = false;
        pair.left_written = true;
        ck_assert_int_eq(judge(), VERDICT_CHANGED);
        pair.left_written = false;
        memset(&pair.left_digest, 0, sizeof pair.left_digest);
    }
    right.size = 3;    /* perhaps newer */
    ck_assert_int_eq(judge(), VERDICT_CONFLICT);
    ck_assert_str_eq(verdict.code, "ENEWER");
    left.mtime = right.mtime + SEC / 2;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
}
END_TEST

START_TEST(newer_at_the_destination)
{
    right.mtime += SEC;
    ck_assert_int_eq(judge(), VERDICT_CONFLICT);
    ck_assert_str_eq(verdict.code, "ENEWER");
    ck_assert(!verdict.block);
    right.size = 11;
    ck_assert_int_eq(judge(), VERDICT_CONFLICT);
    options.overwrite_newer = true;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
}
END_TEST

START_TEST(digests_decide)
{
    pair.left_state = pair.right_state = DIGEST_CONFIRMED;
    right.mtime += SEC;
    ck_assert_int_eq(judge(), VERDICT_METADATA);
    pair.right_state = DIGEST_UNCONFIRMED;
    ck_assert_int_eq(judge(), VERDICT_CONFLICT);
    right.mtime = left.mtime;
    ck_assert_int_eq(judge(), VERDICT_SAME);
    pair.right_digest.bytes[3] = 1;
    ck_assert_int_eq(judge(), VERDICT_CONFLICT);
    ck_assert_str_eq(verdict.code, "EDOUBT");
    pair.right_state = DIGEST_CONFIRMED;
    ck_assert_int_eq(judge(), VERDICT_CONFLICT);
    ck_assert_str_eq(verdict.code, "EDIGEST");
}
END_TEST

START_TEST(what_was_accepted_is_copied_over)
{
    pair.left_state = pair.right_state = DIGEST_CONFIRMED;
    pair.right_digest.bytes[3] = 1;
    pair.left_accepted = true;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
    pair.right_damaged = true;          /* that one goes to the versions too */
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
    pair.right_damaged = false;
    pair.left_damaged = true;           /* but not what has rotted since */
    ck_assert_int_eq(judge(), VERDICT_PROBLEM);
    pair.left_damaged = pair.left_accepted = false;
    pair.right_accepted = true;
    ck_assert_int_eq(judge(), VERDICT_CONFLICT);
    ck_assert_ptr_nonnull(strstr(verdict.why, "accepted"));
}
END_TEST

START_TEST(metadata_only)
{
    right.mode ^= 0100;
    ck_assert_int_eq(judge(), VERDICT_METADATA);
    options.keeps_mode = false;
    ck_assert_int_eq(judge(), VERDICT_SAME);
    right.uid = 7;
    ck_assert_int_eq(judge(), VERDICT_METADATA);
    options.keeps_owner = false;
    ck_assert_int_eq(judge(), VERDICT_SAME);
}
END_TEST

/* Set-id bits of a file that keeps another owner are not given: then they are not missing either. */
START_TEST(set_id_bits_go_with_the_owner)
{
    left.mode |= S_ISUID | S_ISGID;
    options.keeps_owner = false;
    ck_assert_int_eq(judge(), VERDICT_METADATA);
    right.gid = 3;
    ck_assert_int_eq(judge(), VERDICT_SAME);
    right.mode ^= 0100;
    ck_assert_int_eq(judge(), VERDICT_METADATA);
}
END_TEST

/* A directory's is no right to run as anybody: it is what makes a group's folder one. */
START_TEST(a_folder_keeps_the_set_group_bit_of_another_owner)
{
    both_types(S_IFDIR);
    left.mode |= S_ISUID | S_ISGID;
    options.keeps_owner = false;
    right.uid = 7;
    ck_assert_int_eq(judge(), VERDICT_METADATA);
    right.mode |= S_ISGID;
    ck_assert_int_eq(judge(), VERDICT_SAME);
}
END_TEST

START_TEST(rights_that_only_another_user_can_set)
{
    options.keeps_owner = false;
    options.only_own = true;
    options.uid = 7;
    ck_assert_int_eq(judge(), VERDICT_SAME);
    ck_assert(!verdict.owned);
    right.mode ^= 0100;
    ck_assert_int_eq(judge(), VERDICT_SAME);
    ck_assert(verdict.owned);
    right.uid = 7;
    ck_assert_int_eq(judge(), VERDICT_METADATA);
    ck_assert(!verdict.owned);
    right = left;
    both_types(S_IFDIR);
    right.mtime -= SEC;
    ck_assert_int_eq(judge(), VERDICT_SAME);
    ck_assert(verdict.owned && !verdict.times_only);
    both_types(S_IFREG);    /* its content may be replaced all the same */
    right.size = 9;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
}
END_TEST

START_TEST(directories)
{
    both_types(S_IFDIR);
    right.mtime -= SEC;
    ck_assert_int_eq(judge(), VERDICT_SAME);
    ck_assert(verdict.times_only);
    right.gid = 3;
    ck_assert_int_eq(judge(), VERDICT_METADATA);
    ck_assert(!verdict.block);
    pair.right = NULL;
    ck_assert_int_eq(judge(), VERDICT_NEW);
}
END_TEST

START_TEST(symlinks)
{
    both_types(S_IFLNK);
    left.target = "a/b";
    left.target_len = 3;
    right.target = "a/c";
    right.target_len = 3;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
    right.target = "a/b";
    right.mode ^= 0777;
    ck_assert_int_eq(judge(), VERDICT_SAME);
    right.mtime -= SEC;
    ck_assert_int_eq(judge(), VERDICT_METADATA);
}
END_TEST

START_TEST(specials)
{
    static const mode_t types[] = {S_IFIFO, S_IFCHR, S_IFBLK};
    both_types(types[_i]);
    ck_assert_int_eq(judge(), VERDICT_SAME);
    right.mode ^= 0020;
    ck_assert_int_eq(judge(), VERDICT_METADATA);
    pair.right = NULL;
    ck_assert_int_eq(judge(), VERDICT_NEW);
}
END_TEST

/* A mirror replaces what is of another type; where one of the two is a folder, it goes first. */
START_TEST(types_of_a_mirror)
{
    options.mirror = true;
    right.mode = S_IFLNK | 0777;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
    right.mode = S_IFDIR | 0755;
    ck_assert_int_eq(judge(), VERDICT_RETYPED);
    ck_assert(!verdict.block);
    classify_keep_type(&pair, &verdict);
    ck_assert_int_eq(verdict.kind, VERDICT_CONFLICT);
    ck_assert(verdict.block);
    right.mode = S_IFREG | 0644;
    left.mode = S_IFDIR | 0755;
    ck_assert_int_eq(judge(), VERDICT_RETYPED);
    right.mount = true;
    ck_assert_int_eq(judge(), VERDICT_PROBLEM);
    right.mount = false;
    left.mode = S_IFSOCK;
    ck_assert_int_eq(judge(), VERDICT_EXTRA);
    left.mode = S_IFREG;
    right.mode = S_IFSOCK;
    ck_assert_int_eq(judge(), VERDICT_CHANGED);
}
END_TEST

START_TEST(sockets_are_no_files)
{
    both_types(S_IFSOCK);
    right.mtime -= SEC;
    ck_assert_int_eq(judge(), VERDICT_SAME);
    right.mode = S_IFREG | 0644;
    ck_assert_int_eq(judge(), VERDICT_EXTRA);      /* as if the source had none of that name */
    pair.right = NULL;
    ck_assert_int_eq(judge(), VERDICT_SAME);
    left.err = EIO;
    ck_assert_int_eq(judge(), VERDICT_PROBLEM);
    right.mode = S_IFSOCK;
    pair.right = &right;
    pair.left = NULL;
    ck_assert_int_eq(judge(), VERDICT_EXTRA);
}
END_TEST

START_TEST(types_that_differ)
{
    static const struct {
        mode_t left, right;
        bool block;
    } cases[] = {{S_IFREG, S_IFDIR, true},  {S_IFDIR, S_IFREG, true},  {S_IFDIR, S_IFLNK, true},
                 {S_IFLNK, S_IFDIR, true},  {S_IFREG, S_IFLNK, false}, {S_IFIFO, S_IFREG, false},
                 {S_IFREG, S_IFSOCK, false}};
    left.mode = cases[_i].left | 0644;
    right.mode = cases[_i].right | 0644;
    ck_assert_int_eq(judge(), VERDICT_CONFLICT);
    ck_assert_str_eq(verdict.code, "ETYPE");
    ck_assert_int_eq(verdict.block, cases[_i].block);
}
END_TEST

START_TEST(what_could_not_be_read)
{
    left.err = EACCES;
    ck_assert_int_eq(judge(), VERDICT_PROBLEM);
    ck_assert_str_eq(verdict.code, "EACCES");
    ck_assert(!verdict.block);
    left.mode = S_IFDIR | 0700;
    ck_assert_int_eq(judge(), VERDICT_PROBLEM);
    ck_assert(verdict.block);
    left.mode = 0;
    ck_assert_int_eq(judge(), VERDICT_PROBLEM);
    ck_assert(verdict.block);
    left = right;
    right.err = EIO;
    ck_assert_int_eq(judge(), VERDICT_PROBLEM);
    ck_assert_str_eq(verdict.code, "EIO");
    pair.left = NULL;
    ck_assert_int_eq(judge(), VERDICT_EXTRA);
    ck_assert(verdict.block);
    ck_assert_str_eq(verdict.code, "EIO");
}
END_TEST

START_TEST(mount_points)
{
    both_types(S_IFDIR);
    left.mount = true;
    ck_assert_int_eq(judge(), VERDICT_PROBLEM);
    ck_assert_str_eq(verdict.code, "EXDEV");
    ck_assert(verdict.block);
    left.mount = false;
    right.mount = true;
    ck_assert_int_eq(judge(), VERDICT_PROBLEM);
    ck_assert(verdict.block);
}
END_TEST

Suite *suite_copy_classify(void)
{
    Suite *s = suite_create("copy/classify");
    TCase *c = tcase_create("verdicts");

    tcase_add_checked_fixture(c, set_up, NULL);
    tcase_add_test(c, files);
    tcase_add_test(c, attributes);
    tcase_add_test(c, attributes_of_others);
    tcase_add_test(c, granularity_of_times);
    tcase_add_test(c, where_no_times_are_kept);
    tcase_add_test(c, where_times_may_be_rounded);
    tcase_add_test(c, newer_at_the_destination);
    tcase_add_test(c, digests_decide);
    tcase_add_test(c, what_was_accepted_is_copied_over);
    tcase_add_test(c, metadata_only);
    tcase_add_test(c, set_id_bits_go_with_the_owner);
    tcase_add_test(c, a_folder_keeps_the_set_group_bit_of_another_owner);
    tcase_add_test(c, rights_that_only_another_user_can_set);
    tcase_add_test(c, directories);
    tcase_add_test(c, symlinks);
    tcase_add_loop_test(c, specials, 0, 3);
    tcase_add_test(c, types_of_a_mirror);
    tcase_add_test(c, sockets_are_no_files);
    tcase_add_loop_test(c, types_that_differ, 0, 7);
    tcase_add_test(c, what_could_not_be_read);
    tcase_add_test(c, mount_points);
    suite_add_tcase(s, c);
    return s;
}
