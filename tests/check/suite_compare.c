/* The compare: every judgement of a pair, and whole replicas set against find and awk. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "index/compare.h"
#include "index/taken.h"
#include "library.h"
#include "sandbox.h"
#include "suites.h"

#define SEC 1000000000LL

/* ---- one pair ---- */

static struct entry left, right;
static struct merge_pair pair;

static void pair_up(void)
{
    left = (struct entry){.name = "f", .name_len = 1, .mode = S_IFREG | 0644, .size = 10, .nlink = 1};
    left.mtime = 100 * SEC;
    right = left;
    pair = (struct merge_pair){.left = &left, .right = &right};
}

static struct traits_pair of(int64_t granularity)
{
    struct traits_pair traits = {0};

    traits.right.granularity = granularity;
    return traits;
}

static enum pair_judgement judge(int64_t granularity)
{
    const struct traits_pair traits = of(granularity);
    return pair_judge(&pair, &traits);
}

static int newer(int64_t granularity)
{
    const struct traits_pair traits = of(granularity);
    return pair_newer(&pair, &traits);
}

START_TEST(files)
{
    ck_assert_int_eq(judge(1), PAIR_SAME);
    right.mode ^= 0111, right.uid = 7, right.ctime = 3;
    ck_assert_int_eq(judge(1), PAIR_SAME);
    right.mtime++;
    ck_assert_int_eq(judge(1), PAIR_AGE);
    ck_assert_int_gt(newer(1), 0);
    right.mtime -= 2;
    ck_assert_int_eq(judge(0), PAIR_AGE);
    ck_assert_int_lt(newer(1), 0);
    right.size = 9;
    ck_assert_int_eq(judge(1), PAIR_SIZE);
    pair.right = NULL;
    ck_assert_int_eq(judge(1), PAIR_LEFT);
    pair.right = &right, pair.left = NULL;
    ck_assert_int_eq(judge(1), PAIR_RIGHT);
}
END_TEST

START_TEST(coarse_times)
{
    right.mtime = left.mtime - 2 * SEC + 1;
    ck_assert_int_eq(judge(2 * SEC), PAIR_SAME);
    ck_assert_int_eq(newer(2 * SEC), 0);
    right.mtime--;
    ck_assert_int_eq(judge(2 * SEC), PAIR_AGE);
    left.mtime = INT64_MAX, right.mtime = INT64_MIN;    /* what a damaged disk may say */
    ck_assert_int_eq(judge(2 * SEC), PAIR_AGE);
    ck_assert_int_lt(newer(2 * SEC), 0);
}
END_TEST

START_TEST(digests)
{
    pair.left_state = pair.right_state = DIGEST_CONFIRMED;
    ck_assert_int_eq(judge(1), PAIR_PROVED);
    right.mtime += SEC;
    ck_assert_int_eq(judge(1), PAIR_TIME);
    pair.right_digest.bytes[15] = 1;
    ck_assert_int_eq(judge(1), PAIR_CONTENT);
    right.mtime -= SEC;
    ck_assert_int_eq(judge(1), PAIR_CONTENT);
    pair.left_state = DIGEST_UNCONFIRMED;
    ck_assert_int_eq(judge(1), PAIR_DOUBT);
    pair.left_digest.bytes[15] = 1;
    ck_assert_int_eq(judge(1), PAIR_SAME);
    pair.left_state = DIGEST_NONE;
    ck_assert_int_eq(judge(1), PAIR_SAME);
    pair.right_renewed = true;    /* what it was before it was accepted is what the other one may be still */
    ck_assert_int_eq(judge(1), PAIR_DOUBT);
    pair.left_state = DIGEST_CONFIRMED;
    ck_assert_int_eq(judge(1), PAIR_PROVED);
    pair.left_digest.bytes[15] = 0;
    right.mtime += SEC;
    pair.left_state = DIGEST_UNCONFIRMED;
    ck_assert_int_eq(judge(1), PAIR_AGE);
}
END_TEST

/* Left, then right: of what moved, size and time prove nothing, whatever digests say that are not confirmed. */
START_TEST(what_moved_has_to_be_read)
{
    bool *moved = _i % 2 ? &pair.right_moved : &pair.left_moved;

    *moved = true;
    ck_assert_int_eq(judge(1), PAIR_DOUBT);
    pair.left_state = pair.right_state = _i < 2 ? DIGEST_CONFIRMED : DIGEST_UNCONFIRMED;
    ck_assert_int_eq(judge(1), _i < 2 ? PAIR_PROVED : PAIR_DOUBT);    /* the reading that confirms takes the mark away */
    pair.left_state = pair.right_state = DIGEST_UNCONFIRMED;
    ck_assert_int_eq(judge(1), PAIR_DOUBT);
    *moved = false;
    ck_assert_int_eq(judge(1), PAIR_SAME);
    *moved = true;
    right.mtime += SEC;
    ck_assert_int_eq(judge(1), PAIR_AGE);
    right.size++;
    ck_assert_int_eq(judge(1), PAIR_SIZE);
}
END_TEST

static const struct traits_pair exact;

static bool left_rules(void) { return pair_left_rules(&pair, &exact); }
static bool right_rules(void) { return pair_right_rules(&pair, &exact); }

START_TEST(what_was_accepted_rules)
{
    pair.left_state = pair.right_state = DIGEST_CONFIRMED;
    pair.left_accepted = true;
    ck_assert(!left_rules());           /* the contents are the same */
    pair.right_digest.bytes[0] = 1;
    ck_assert(left_rules() && !right_rules());
    pair.right_accepted = true;         /* nobody can tell */
    ck_assert(!left_rules() && !right_rules());
    pair.left_accepted = false;
    ck_assert(!left_rules() && right_rules());
    pair.right_damaged = true;          /* damaged since */
    ck_assert(!right_rules());
    pair.right_damaged = false;
    left.mtime++;                       /* newer work is not this question */
    ck_assert(!right_rules());
    left.mtime--;
    pair.left_state = DIGEST_NONE;      /* nothing is known of it */
    ck_assert(!right_rules());
    pair.right_renewed = true;
    ck_assert(right_rules());
}
END_TEST

START_TEST(the_later_of_two_contents_rules)
{
    pair.left_state = pair.right_state = DIGEST_CONFIRMED;
    pair.right_digest.bytes[0] = 1;
    left.ctime = 7, right.ctime = 5;
    ck_assert(!left_rules() && !right_rules());    /* nothing says that one became another: it may have decayed */
    pair.left_renewed = true;
    ck_assert(!left_rules() && !right_rules());    /* an undo may have brought it */
    pair.left_written = true;
    ck_assert(left_rules() && !right_rules());
    left.ctime = 3;                                /* whatever the clocks say, the other one is what it was */
    ck_assert(left_rules() && !right_rules());
    pair.right_written = true;
    ck_assert(!left_rules() && right_rules());
    left.ctime = right.ctime;
    ck_assert(!left_rules() && !right_rules());
    pair.left_written = false;
    ck_assert(right_rules());
    pair.left_damaged = true;
    ck_assert(!left_rules() && !right_rules());
    pair.left_damaged = false;
    pair.left_state = DIGEST_UNCONFIRMED;          /* until it is read nothing is known */
    ck_assert(!left_rules() && !right_rules());
    pair.left_state = DIGEST_CONFIRMED;
    pair.left_accepted = true;                     /* a person's word is more */
    ck_assert(left_rules() && !right_rules());
}
END_TEST

START_TEST(others)
{
    left.mode = right.mode = S_IFDIR | 0755;
    right.mtime += SEC;
    ck_assert_int_eq(judge(1), PAIR_SAME);
    right.mode = S_IFREG | 0644;
    ck_assert_int_eq(judge(1), PAIR_TYPE);
    left.mode = right.mode = S_IFLNK | 0777;
    left.target = right.target = "a", left.target_len = right.target_len = 1;
    ck_assert_int_eq(judge(1), PAIR_TIME);
    right.target = "b";
    ck_assert_int_eq(judge(1), PAIR_TARGET);
    left.mode = right.mode = S_IFIFO | 0644;
    left.target_len = right.target_len = 0;
    ck_assert_int_eq(judge(1), PAIR_TIME);
    left.err = EIO;
    ck_assert_int_eq(judge(1), PAIR_UNREAD);
    pair.right = NULL;
    ck_assert_int_eq(judge(1), PAIR_UNREAD);
    pair.left = NULL, pair.right = &right, right.mount = true;
    ck_assert_int_eq(judge(1), PAIR_UNREAD);
}
END_TEST

/* ---- whole replicas ---- */

static struct library lib;
static struct compare_counts counts;
static int busy;

static void set_up(void) { library_open(&lib); }
static void tear_down(void) { library_close(&lib); }

static int64_t side(int64_t database) { return library_replica(&lib, database, 1, "c", "p"); }

static char sign_of(enum pair_judgement j)
{
    switch (j) {
    case PAIR_PROVED:
    case PAIR_SAME:
    case PAIR_TIME: return '=';
    case PAIR_LEFT: return '+';
    case PAIR_RIGHT: return '-';
    case PAIR_UNREAD: return '!';
    default: return '*';
    }
}

/* "SIGN path" of every item, sorted by sort(1); freed by the caller. Fills counts and busy. */
static char *compare(int64_t l, int64_t r, int64_t granularity, bool list, bool list_same)
{
    struct compare_request request = {l, r, 0, list, list_same, false};
    char sql[300];
    struct compare_item item;
    struct error err = {0};
    struct buf out = {0};
    struct compare *c;
    int code;

    busy = 0;
    snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO traits (database, category, filesystem, measured_at, granularity, keeps_times, "
             "link_times, early) SELECT id, 0, 'a test', 0, %lld, 1, 1, 0 FROM database", (long long)(granularity > 1 ? granularity : 1));
    ck_assert_int_eq(catalog_exec(lib.cat, sql, NULL), 0);
    ck_assert_int_eq(compare_open(lib.cat, &request, &c, &err), 0);
    while ((code = compare_next(c, &item, &err)) > 0)
        if (code == COMPARE_ITEM)
            buf_printf(&out, "%c %s\n", sign_of(item.judgement), item.path);
        else
            busy++;
    ck_assert_msg(code == 0, "%s", err.message ? err.message : "");
    counts = *compare_counts(c);
    compare_close(c);
    sandbox_write(lib.folder, "ours", out.data ? out.data : "", out.len);
    buf_free(&out);
    return sandbox_run("LC_ALL=C sort '%s/ours'", lib.folder);
}

static char *differences(void) { return compare(side(1), side(2), 1, true, false); }

static void load_both(void)
{
    library_load(&lib, 1, 2);
    library_load(&lib, 2, 2);
}

/* The oracle: both sides' files by find, joined by name. Directories are left out; equal ones come when `same`. */
static char *oracle(const char *granularity, bool same)
{
    return sandbox_run(
        "cd '%s' && for s in A B; do ( cd $s/one/c/p && "
        "find . -mindepth 1 ! -type d -printf '%%P\\t%%y %%s\\t%%T@\\n' ) >list.$s; done; "
        "awk -F'\\t' -v g=%s -v same=%d 'FNR == NR { what[$1] = $2; time[$1] = $3; next } "
        "{ d = time[$1] - $3; if (d < 0) d = -d; if (!($1 in what)) print \"- \" $1; "
        "else if (what[$1] != $2 || d >= g) print \"* \" $1; else if (same) print \"= \" $1; delete what[$1] } "
        "END { for (n in what) print \"+ \" n }' list.A list.B | LC_ALL=C sort", lib.folder, granularity, same);
}

/* What awk adds up over one sign: its files and their bytes on the side of a list. */
static void check_sum(const char *signs, char sign, char of, const struct compare_sum *sum)
{
    sandbox_write(lib.folder, "signs", signs, strlen(signs));
    char *text = sandbox_run("cd '%s' && awk -F'\\t' -v s='%c' "
                             "'FNR == NR { if (substr($0, 1, 1) == s) w[substr($0, 3)]; next } "
                             "$1 in w && $2 ~ /^f/ { n++; b += substr($2, 3) } "
                             "END { print n + 0, b + 0 }' signs list.%c",
                             lib.folder, sign, of);
    char ours[60];

    snprintf(ours, sizeof ours, "%lld %lld\n", (long long)sum->files, (long long)sum->bytes);
    ck_assert_str_eq(ours, text);
    free(text);
}

static void make_trees(void)
{
    char name[100];

    for (int i = 0; i < 700; i++) {    /* more directories than the merge reads at a time */
        snprintf(name, sizeof name, "A/one/c/p/d%d/e-%d/f%d", i % 41, i % 13, i);
        sandbox_text(lib.folder, name, i % 7 ? "same" : "other size");
    }
    free(sandbox_run("cd '%s' && mkdir -p B/one && cp -a A/one/c B/one/ && cd B/one/c/p && rm -r d3 d40/e-1 && "
                     "echo other >d5/e-5/f5 && touch d7/e-7/f7 && mkdir -p new/er && seq 99 >new/er/y && "
                     "rm d1/e-1/f1 && mkdir 'd1 x' && echo z >'d1 x/z' && ln -s y new/er/l && ln -s y d0/l && "
                     "ln -s other ../../../../A/one/c/p/d0/l && "
                     "for i in 7 20 33; do find d$i -type f -exec touch -d @1000000000.5 {} +; done", lib.folder));
}

START_TEST(agrees_with_a_join_of_finds)
{
    make_trees();
    load_both();
    char *ours = differences(), *theirs = oracle("0.0000000001", false);
    ck_assert_str_eq(ours, theirs);
    ck_assert_int_gt((int)strlen(theirs), 1000);
    check_sum(theirs, '+', 'A', &counts.only_left);
    check_sum(theirs, '-', 'B', &counts.only_right);
    check_sum(theirs, '*', 'A', &counts.different);
    ck_assert_int_eq(counts.only_right.others, 1);
    ck_assert_int_eq(counts.different.others, 1);
    free(theirs);
    theirs = oracle("0.0000000001", true);
    check_sum(theirs, '=', 'A', &counts.same);
    free(ours);
    ours = compare(side(1), side(2), 1, true, true);
    ck_assert_str_eq(ours, theirs);
    check_sum(theirs, '=', 'A', &counts.same);
    free(ours), free(theirs);
    free(compare(side(1), side(2), 1, false, false));
    ck_assert_int_eq(counts.newer_left + counts.newer_right + counts.different.others, counts.different.files + 1);
}
END_TEST

START_TEST(agrees_within_a_granularity)
{
    make_trees();
    free(sandbox_run("cd '%s' && find A/one -type f -exec touch -d @1000000000.1 {} + && "
                     "find B/one/c/p/d2 B/one/c/p/d4 -type f -exec touch -d @1000000002 {} + && "
                     "find B/one/c/p/d6 -type f -exec touch -d @1000000002.1 {} + ", lib.folder));
    load_both();
    char *ours = compare(side(1), side(2), 2 * SEC, true, false), *theirs = oracle("1.999999999", false);
    ck_assert_str_eq(ours, theirs);
    ck_assert_ptr_nonnull(strstr(ours, "* d6/"));
    ck_assert_ptr_null(strstr(ours, "* d4/"));
    ck_assert_ptr_null(strstr(ours, "* d7/"));    /* half a second away */
    free(ours), free(theirs);
}
END_TEST

START_TEST(equal_replicas)
{
    make_trees();
    free(sandbox_run("cd '%s' && rm -r B/one && cp -a A/one B/ && touch B/one/c/p/d1", lib.folder));
    load_both();
    char *ours = differences();
    ck_assert_str_eq(ours, "");
    free(ours);
    ck_assert_int_eq(counts.same.files, 700);
    ck_assert_int_eq(counts.same.bytes, library_number(&lib, "SELECT bytes FROM replica WHERE database = 1"));
    ck_assert_int_eq(counts.different.files + counts.only_left.files + counts.only_right.files, 0);
    ck_assert_int_eq(counts.directories_left + counts.directories_right + counts.unread.files, 0);
}
END_TEST

START_TEST(one_side_has_nothing)
{
    make_trees();
    load_both();
    for (int list = 0; list < 2; list++) {
        char *ours = compare(side(1), 0, 1, list, false);
        ck_assert_int_eq(counts.found_left, 1);
        ck_assert_int_eq(counts.found_right, 0);
        ck_assert_int_eq(counts.only_left.files, 700);
        ck_assert_int_eq(counts.same.files + counts.only_right.files, 0);
        ck_assert_int_eq(counts.directories_left,
                         library_number(&lib, "SELECT directories - 1 FROM replica WHERE database = 1"));
        ck_assert_int_eq(strncmp(ours, "+ d0/", list ? 5 : 0), 0);
        free(ours);
        free(compare(424242, side(2), 1, list, false));    /* forgotten meanwhile */
        ck_assert_int_eq(counts.found_left, 0);
        ck_assert_int_eq(counts.only_right.files,
                         library_number(&lib, "SELECT files FROM replica WHERE database = 2"));
    }
}
END_TEST

START_TEST(folders_and_types)
{
    free(sandbox_run("cd '%s' && mkdir -p A/one/c/p B/one/c/p && cd A/one/c/p && mkdir -p empty/er both "
                     "turns/x && "
                     "echo 1 >turns/x/f && echo 1 >plain && ln -s a link && cd ../../../../B/one/c/p && "
                     "mkdir both mine plain && echo 12 >turns && ln -s b link && "
                     "touch -hr ../../../../A/one/c/p/link link", lib.folder));
    load_both();
    char *ours = differences();
    ck_assert_str_eq(ours, "* link\n* plain\n* turns\n+ empty/er\n+ turns/x/f\n- mine\n");
    free(ours);
    ck_assert_int_eq(counts.different.files, 2);
    ck_assert_int_eq(counts.different.others, 1);
    ck_assert_int_eq(counts.different.bytes, 5);
    ck_assert_int_eq(counts.directories_left, 3);    /* turns and plain were told */
    ck_assert_int_eq(counts.directories_right, 1);
}
END_TEST

static void record(int64_t database, const char *path, const char *content)
{
    char full[600];
    struct stat st;

    snprintf(full, sizeof full, "%s/%c/one/c/p/%s", lib.folder, database == 1 ? 'A' : 'B', path);
    ck_assert_int_eq(stat(full, &st), 0);
    struct taken t = {.path = (char *)path, .digest = digest_of(content, strlen(content)),
                      .size = (uint64_t)st.st_size, .mtime = st.st_mtim.tv_sec * SEC + st.st_mtim.tv_nsec,
                      .ctime = st.st_ctim.tv_sec * SEC + st.st_ctim.tv_nsec};
    ck_assert_int_eq(replica_record_digests(lib.cat, side(database), &t, 1, NULL), 0);
}

START_TEST(digests_tell_more_than_times)
{
    free(sandbox_run("cd '%s' && mkdir -p A/one/c/p/x B/one && cd A/one/c/p/x && echo 1 >damaged && "
                     "echo 2 >moved && echo 3 >f && cd ../../../../.. && cp -a A/one/c B/one/ && "
                     "echo 4 >B/one/c/p/x/damaged && "
                     "touch -r A/one/c/p/x/damaged B/one/c/p/x/damaged", lib.folder));
    load_both();
    char *ours = differences();
    ck_assert_str_eq(ours, "");    /* size and time agree, and nobody has read them */
    free(ours);
    record(1, "x/damaged", "1"), record(2, "x/damaged", "4");
    record(1, "x/moved", "2"), record(2, "x/moved", "2");
    ours = differences();
    ck_assert_str_eq(ours, "* x/damaged\n");
    free(ours);
    ck_assert_int_eq(counts.same.files, 2);
    ck_assert_int_eq(counts.newer_left + counts.newer_right, 0);
    free(sandbox_run("touch -d @5 '%s/B/one/c/p/x/moved'", lib.folder));
    library_load(&lib, 2, 2);
    record(2, "x/moved", "2");
    free(compare(side(1), side(2), 1, true, false));
    ck_assert_int_eq(counts.other_time, 1);
    ck_assert_int_eq(counts.same.files, 2);
    ck_assert_int_eq(counts.different.files, 1);
}
END_TEST

START_TEST(what_could_not_be_read_is_never_the_same)
{
    free(sandbox_run("cd '%s' && mkdir -p A/one/c/p/shut/deep A/one/c/p/open B/one && cd A/one/c/p && "
                     "echo 1 >shut/f && echo 2 >shut/deep/g && echo 3 >open/h && cd ../../../.. && "
                     "cp -a A/one/c B/one/ && chmod 0 B/one/c/p/shut", lib.folder));
    if (!sandbox_drop_root(lib.folder))
        return;
    load_both();
    ck_assert_int_eq(library_number(&lib, "SELECT errors FROM replica WHERE database = 2"), 1);
    char *ours = differences();
    ck_assert_str_eq(ours, "! shut\n! shut/deep/g\n! shut/f\n");
    free(ours);
    ck_assert_int_eq(counts.errors_right, 1);
    ck_assert_int_eq(counts.errors_left, 0);
    ck_assert_int_eq(counts.same.files, 1);
    ck_assert_int_eq(counts.unread.files, 2);
    ck_assert_int_eq(counts.only_left.files + counts.directories_left, 0);
    ours = compare(side(2), side(1), 1, true, true);
    ck_assert_str_eq(ours, "! shut\n! shut/deep/g\n! shut/f\n= open/h\n");
    free(ours);
}
END_TEST

START_TEST(many_names_come_in_slices)
{
    sandbox_many(lib.folder, "A/one/c/p", "f", 70000);
    sandbox_many(lib.folder, "B/one/c/p", "f", 70000);
    free(sandbox_run("cd '%s/B/one/c/p' && rm f35000 && touch -d @8 f35000", lib.folder));
    load_both();
    free(compare(side(1), side(2), 1, false, false));
    ck_assert_int_eq(busy, 1);
    ck_assert_int_eq(counts.same.files, 69999);
    ck_assert_int_eq(counts.newer_right, 1);
}
END_TEST

START_TEST(a_damaged_listing_is_said)
{
    struct compare_request request = {0};
    struct compare_item item;
    struct error err = {0};
    struct compare *c;

    free(sandbox_run("cd '%s' && mkdir -p A/one/c/p B/one/c/p && echo 1 >A/one/c/p/f", lib.folder));
    load_both();
    catalog_exec(lib.cat, "UPDATE directory SET listing = CAST('junk' AS BLOB)", NULL);
    request.left = side(1), request.right = side(2);
    ck_assert_int_eq(compare_open(lib.cat, &request, &c, &err), 0);
    ck_assert_int_eq(compare_next(c, &item, &err), -EBADMSG);
    ck_assert_str_eq(err.code, "ECORRUPT");
    error_clear(&err);
    compare_close(c);
    ck_assert_int_eq(catalog_exec(lib.cat, "DELETE FROM directory", NULL), 0);    /* its transaction is over */
}
END_TEST

Suite *suite_compare(void)
{
    Suite *s = suite_create("compare");
    TCase *one = tcase_create("pair"), *all = tcase_create("replicas");

    tcase_add_checked_fixture(one, pair_up, NULL);
    tcase_add_test(one, files);
    tcase_add_test(one, coarse_times);
    tcase_add_test(one, digests);
    tcase_add_test(one, what_was_accepted_rules);
    tcase_add_test(one, the_later_of_two_contents_rules);
    tcase_add_loop_test(one, what_moved_has_to_be_read, 0, 4);
    tcase_add_test(one, others);
    suite_add_tcase(s, one);
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, agrees_with_a_join_of_finds);
    tcase_add_test(all, agrees_within_a_granularity);
    tcase_add_test(all, equal_replicas);
    tcase_add_test(all, one_side_has_nothing);
    tcase_add_test(all, folders_and_types);
    tcase_add_test(all, digests_tell_more_than_times);
    tcase_add_test(all, what_could_not_be_read_is_never_the_same);
    tcase_add_test(all, many_names_come_in_slices);
    tcase_add_test(all, a_damaged_listing_is_said);
    suite_add_tcase(s, all);
    return s;
}
