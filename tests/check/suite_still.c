/* still, and what a copy records: only of the very file that it put there. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copying.h"
#include "faults.h"
#include "index/still.h"
#include "sandbox.h"
#include "suites.h"

#define FILE_ P "/d3/e0/f3"    /* 132 bytes */

/* ---- the strengths ---- */

static struct stat some_file(void)
{
    return (struct stat){.st_mode = S_IFREG | 0644, .st_nlink = 1, .st_size = 5, .st_dev = 7, .st_ino = 9,
                         .st_mtim = {100, 200}, .st_ctim = {300, 400}};
}

static void mode_only(struct stat *st) { st->st_mode = S_IFREG | 0600; }
static void type(struct stat *st) { st->st_mode = S_IFLNK | 0777; }
static void size(struct stat *st) { st->st_size++; }
static void mtime(struct stat *st) { st->st_mtim.tv_nsec++; }
static void ctime_only(struct stat *st) { st->st_ctim.tv_nsec++; }
static void link_more(struct stat *st) { st->st_nlink = 2; st->st_ctim.tv_nsec++; }
static void inode(struct stat *st) { st->st_ino++; }
static void device(struct stat *st) { st->st_dev++; }

START_TEST(how_much_must_agree)
{
    static const struct {
        void (*change)(struct stat *);
        bool alike, listed, same, untouched;
    } cases[] = {
        {mode_only, true, true, true, true},     {type, false, false, false, false},
        {size, false, false, false, false},      {mtime, false, false, false, false},
        {ctime_only, true, false, true, false},  {link_more, true, true, true, false},
        {inode, true, true, false, false},       {device, true, true, false, false},
    };
    const struct stat before = some_file();
    const struct was was = was_stat(&before);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stat now = before;
        cases[i].change(&now);
        ck_assert_msg(still_is(&was, &now, STILL_ALIKE, NULL) == cases[i].alike, "alike %zu", i);
        ck_assert_msg(still_is(&was, &now, STILL_LISTED, NULL) == cases[i].listed, "listed %zu", i);
        ck_assert_msg(still_is(&was, &now, STILL_SAME, NULL) == cases[i].same, "same %zu", i);
        ck_assert_msg(still_is(&was, &now, STILL_UNTOUCHED, NULL) == cases[i].untouched, "untouched %zu", i);
    }
}
END_TEST

START_TEST(coarse_times_agree_where_they_are_another_filesystems)
{
    const struct stat before = some_file();
    const struct was was = was_stat(&before);
    struct stat now = before;

    now.st_mtim.tv_nsec += 50;
    now.st_ctim.tv_nsec += 50;
    ck_assert(still_is(&was, &now, STILL_LISTED, &(struct traits){.granularity = 100}));
    ck_assert(!still_is(&was, &now, STILL_LISTED, &(struct traits){.granularity = 50}));
    ck_assert(!still_is(&was, &now, STILL_SAME, &(struct traits){.granularity = 100}));
}
END_TEST

/* ---- what is recorded ---- */

static char rewritten[400];
static bool keep_time, done;
static mode_t when_mode;    /* only a file of this mode; 0: any */

/* Other bytes of the same size, in place. */
static void rewrite(void)
{
    struct stat st;
    char bytes[132];
    int fd = done ? -1 : open(rewritten, O_WRONLY);

    if (fd < 0)
        return;
    ck_assert_int_eq(fstat(fd, &st), 0);
    done = !when_mode || (st.st_mode & 07777) == when_mode;
    memset(bytes, '?', sizeof bytes);
    if (done)
        ck_assert_int_eq(write(fd, bytes, sizeof bytes), (ssize_t)sizeof bytes);
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    if (done && keep_time)
        ck_assert_int_eq(futimens(fd, times), 0);
    close(fd);
}

static void rewrite_named(const char *name)
{
    if (strcmp(name, "f3") == 0)
        rewrite();
}

/* "taken SIZE YOUNG" of the file in the manifest of the last operation, read without the program; "" when there is none. */
static char *taken(void)
{
    return sandbox_run("cd '%s'/B/.autobackup/operations && tr '\\0' '\\n' <%s | "
                       "awk 'last == \"taken\" && $0 == \"d3/e0/f3\" { at = NR } { last = $0 } "
                       "at && NR == at + 2 { size = $0 } at && NR == at + 5 { print \"taken\", size, $0 }'",
                       lib.folder, out.operation);
}

static void taken_is(const char *expected)
{
    char *text = taken();
    ck_assert_str_eq(text, expected);
    free(text);
}

static void copy_while_it_is_rewritten(bool at_once)
{
    snprintf(rewritten, sizeof rewritten, "%s/B/" FILE_, lib.folder);
    done = false;
    copying_load();
    faults.named = at_once ? rewrite_named : NULL;
    faults.synced = at_once ? NULL : rewrite;
    copying_finish(copying_start());
    faults.named = NULL;
    faults.synced = NULL;
    ck_assert(done);
    copying_is_done();
}

static void plant_old(void)
{
    copying_plant();
    free(sandbox_run("cd '%s'/A/" P " && touch -d 2001-02-03 d3/e0/f3", lib.folder));
}

START_TEST(of_a_file_that_nobody_touched_it_is_recorded)
{
    plant_old();
    copying_run();
    taken_is("taken 132 0\n");
}
END_TEST

/* Right after the rename, or a moment later. */
START_TEST(of_one_that_is_rewritten_nothing_is_recorded)
{
    plant_old();
    copy_while_it_is_rewritten(_i);
    taken_is("");
    ck_assert_int_eq(out.copied, 203);
}
END_TEST

/* Of what only its ctime tells, the digest is what it should have: a read settles that. */
START_TEST(of_one_whose_time_was_put_back_the_digest_is_no_proof)
{
    plant_old();
    keep_time = true;
    copy_while_it_is_rewritten(false);
    taken_is("taken 132 1\n");
}
END_TEST

static void correct_while_it_is_rewritten(void)
{
    const struct record_request request = {.catalog = lib.path, .operation = out.operation, .target = 0};
    struct record_request r = request;
    int64_t count;

    plant_old();
    copying_run();
    library_load(&lib, 2, 0);
    r.target_root = copying_root("B");
    r.target_identity = copying_identity("B");
    r.target = library_replica(&lib, 2, 1, "acme", "spot");
    ck_assert_int_eq(transfer_record(&r, &count, NULL), 0);
    free((char *)r.target_root);
    free((char *)r.target_identity);
    when_mode = 0600;
    free(sandbox_run("cd '%s'/A/" P " && chmod 600 d3/e0/f3", lib.folder));
    copying_read("d3/e0/f3");
    copy_while_it_is_rewritten(false);
    ck_assert_int_eq(out.metadata, 1);
}

START_TEST(a_correction_records_no_more)
{
    keep_time = _i;
    correct_while_it_is_rewritten();
    taken_is(_i ? "taken 132 1\n" : "");
}
END_TEST

static void set_up(void)
{
    copying_open();
    keep_time = false;
    when_mode = 0;
}

Suite *suite_still(void)
{
    Suite *s = suite_create("still");
    TCase *pure = tcase_create("strengths");
    TCase *c = tcase_create("records");

    tcase_add_test(pure, how_much_must_agree);
    tcase_add_test(pure, coarse_times_agree_where_they_are_another_filesystems);
    suite_add_tcase(s, pure);
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, copying_close);
    tcase_add_test(c, of_a_file_that_nobody_touched_it_is_recorded);
    tcase_add_loop_test(c, of_one_that_is_rewritten_nothing_is_recorded, 0, 2);
    tcase_add_test(c, of_one_whose_time_was_put_back_the_digest_is_no_proof);
    tcase_add_loop_test(c, a_correction_records_no_more, 0, 2);
    suite_add_tcase(s, c);
    return s;
}
