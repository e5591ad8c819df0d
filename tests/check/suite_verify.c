/* verify: choosing, reading, judging and recording, with xxhsum, lsblk and stat as oracles. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/disk.h"
#include "copying.h"
#include "index/merge.h"
#include "index/schema.h"
#include "index/filesystem.h"
#include "index/taken.h"
#include "sandbox.h"
#include "suites.h"
#include "verify/check.h"
#include "verify/choice.h"
#include "verify/readers.h"
#include "verify/reread.h"
#include "verify/verify.h"

/* ---- choosing ---- */

static struct age ages_list[] = {{0, 2, 20}, {100, 3, 30}, {200, 1, 10}};
static const struct ages all_ages = {.list = ages_list, .count = 3};

START_TEST(without_a_limit_all_that_is_due_is_read)
{
    struct choice c;

    choice_make(&c, &all_ages, INT64_MAX, -1);
    ck_assert_int_eq(c.files, 6);
    ck_assert_int_eq(c.bytes, 60);
    ck_assert_int_eq(c.due_bytes, 60);
    ck_assert(choice_is_due(&c, 0) && choice_is_due(&c, 1LL << 40));
    for (int i = 0; i < 3; i++)
        ck_assert(choice_takes(&c, 200 * VERIFIED_GRAIN, 1u << 30));
    choice_make(&c, &all_ages, 150 * VERIFIED_GRAIN, -1);
    ck_assert(choice_is_due(&c, 0) && choice_is_due(&c, 149 * VERIFIED_GRAIN));
    ck_assert(!choice_is_due(&c, 150 * VERIFIED_GRAIN));
}
END_TEST

START_TEST(a_limit_takes_the_oldest_and_ends_with_the_file_that_passes_it)
{
    struct choice c;

    choice_make(&c, &all_ages, INT64_MAX, 35);
    ck_assert_int_eq(c.due_bytes, 60);
    ck_assert_int_eq(c.bytes, 35);
    ck_assert(choice_takes(&c, 0, 10) && choice_takes(&c, 0, 10));
    ck_assert(choice_takes(&c, 100 * VERIFIED_GRAIN, 10));      /* 5 over */
    ck_assert(choice_takes(&c, 100 * VERIFIED_GRAIN + 59, 10)); /* the same minute */
    ck_assert(!choice_takes(&c, 100 * VERIFIED_GRAIN, 10));
    ck_assert(!choice_takes(&c, 200 * VERIFIED_GRAIN, 1));
    choice_make(&c, &all_ages, INT64_MAX, 0);
    ck_assert(!choice_takes(&c, 0, 0));
    ck_assert_int_eq(c.files, 0);
}
END_TEST

/* ---- judging ---- */

START_TEST(a_content_is_judged_by_what_is_known)
{
    struct check c = {.size = 5, .mtime = 1000000007, .ctime = 2000000000, .state = DIGEST_CONFIRMED, .digest = {{1}}};
    struct stat st = {.st_mode = S_IFREG, .st_size = 5, .st_mtim = {1, 7}, .st_ctim = {2, 0}}, after = st;
    struct digest other = {{2}};

    ck_assert_int_eq(check_judge(&c, &st, &after, &c.digest), FOUND_OK);
    ck_assert_int_eq(check_judge(&c, &st, &after, &other), FOUND_DAMAGED);
    c.state = DIGEST_UNCONFIRMED;    /* taken too soon after it was written */
    ck_assert_int_eq(check_judge(&c, &st, &after, &other), FOUND_DAMAGED);
    ck_assert(!check_is_certain(&c));
    c.moved = true;                  /* somebody wrote it */
    ck_assert_int_eq(check_judge(&c, &st, &after, &other), FOUND_RENEWED);
    ck_assert_int_eq(check_judge(&c, &st, &after, &c.digest), FOUND_OK);
    c.known_damaged = true;          /* that was said of the file before */
    ck_assert_int_eq(check_judge(&c, &st, &after, &other), FOUND_RENEWED);
    ck_assert(!check_is_certain(&c));
    c.moved = false;
    ck_assert_int_eq(check_judge(&c, &st, &after, &other), FOUND_DAMAGED);
    c.state = DIGEST_NONE;
    ck_assert_int_eq(check_judge(&c, &st, &after, &other), FOUND_NEW);
    after.st_ctim.tv_nsec = 1;    /* written while it was read */
    ck_assert_int_eq(check_judge(&c, &st, &after, &other), FOUND_CHANGED);
    after = st;
    st.st_mtim.tv_nsec = after.st_mtim.tv_nsec = 8;
    ck_assert_int_eq(check_judge(&c, &st, &after, &other), FOUND_CHANGED);
}
END_TEST

START_TEST(what_moved_is_told_by_the_signs_that_are_kept)
{
    const struct check listed = {.size = 5, .mtime = 1000000007, .ctime = 2000000000, .ino = 3,
                                 .state = DIGEST_CONFIRMED, .digest = {{1}}};
    struct check c = listed;
    struct stat st = {.st_mode = S_IFREG, .st_size = 5, .st_mtim = {1, 7}, .st_ctim = {2, 0}, .st_ino = 3};

    check_look(&c, &st, SIGN_CTIME | SIGN_INODE);
    ck_assert(!c.moved && check_is_certain(&c));
    c = listed;
    check_look(&c, &st, 0);
    ck_assert(!c.moved && !check_is_certain(&c));    /* where no ctime is kept a program may have done it */
    st.st_ino = 4;
    c = listed;
    check_look(&c, &st, SIGN_CTIME);
    ck_assert(!c.moved);
    check_look(&c, &st, SIGN_INODE);
    ck_assert(c.moved);
    st.st_ino = 3, st.st_ctim.tv_nsec = 1;
    c = listed;
    check_look(&c, &st, SIGN_INODE);
    ck_assert(!c.moved);
    check_look(&c, &st, SIGN_CTIME);
    ck_assert(c.moved && !check_is_certain(&c));
}
END_TEST

START_TEST(a_medium_that_lost_a_content_is_damage_where_it_was_known)
{
    struct check c = {.state = DIGEST_CONFIRMED};

    ck_assert_int_eq(check_judge_error(&c, EIO), FOUND_DAMAGED);
    ck_assert_int_eq(check_judge_error(&c, EUCLEAN), FOUND_DAMAGED);
    ck_assert_int_eq(check_judge_error(&c, EACCES), FOUND_UNREAD);
    ck_assert_int_eq(check_judge_error(&c, ENOENT), FOUND_MISSING);
    ck_assert_int_eq(check_judge_error(&c, ENOTDIR), FOUND_MISSING);
    ck_assert_int_eq(check_judge_error(&c, ELOOP), FOUND_CHANGED);
    c.moved = true;    /* what was known is the content of the file before */
    ck_assert_int_eq(check_judge_error(&c, EIO), FOUND_UNREAD);
    c.moved = false;
    c.state = DIGEST_NONE;
    ck_assert_int_eq(check_judge_error(&c, EIO), FOUND_UNREAD);
}
END_TEST

/* ---- reading ---- */

static char *hex_of(const char *path, bool cached, uint64_t size)
{
    static char hex[2 * DIGEST_SIZE + 1];
    struct reread reread;
    struct digest digest;
    int fd = open(path, O_RDONLY | O_NONBLOCK);

    ck_assert_int_ge(fd, 0);
    reread_init(&reread, cached, NULL, NULL, NULL);
    ck_assert_int_eq(reread_digest(&reread, fd, size, true, &digest), 0);
    reread_free(&reread);
    close(fd);
    digest_hex(&digest, hex);
    return hex;
}

/* Where it was built (on a disk, as a rule; what a test that was killed leaves goes with it) and on a tmpfs. */
static const char *const places[] = {"build", "/dev/shm"};

START_TEST(digests_are_those_of_xxhsum)
{
    static const long sizes[] = {0, 1, 4095, 4096, 4097, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, (5 << 20) + 513};
    char folder[300];

    char *made = sandbox_run("mktemp -d %s/autobackup-verify-XXXXXX", places[_i]);
    snprintf(folder, sizeof folder, "%.*s", (int)strcspn(made, "\n"), made);
    free(made);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char path[320];
        snprintf(path, sizeof path, "%s/f", folder);
        char *want = sandbox_run("head -c %ld /dev/urandom >'%s' && xxhsum -H2 '%s' | cut -c1-32 | tr -d '\\n'",
                                 sizes[i], path, path);
        ck_assert_str_eq(hex_of(path, false, (uint64_t)sizes[i]), want);
        ck_assert_str_eq(hex_of(path, true, (uint64_t)sizes[i]), want);
        free(sandbox_run("sync '%s' && dd if='%s' iflag=nocache count=0 2>/dev/null", path, path));
        ck_assert_str_eq(hex_of(path, true, (uint64_t)sizes[i]), want);    /* little or nothing of it in memory */
        free(want);
    }
    free(sandbox_run("rm -r '%s'", folder));
}
END_TEST

START_TEST(a_file_that_became_shorter_ends_where_it_ends)
{
    char *want = sandbox_run("printf 12345 >'%s/f' && xxhsum -H2 '%s/f' | cut -c1-32 | tr -d '\\n'", lib.folder, lib.folder);
    char path[300];

    snprintf(path, sizeof path, "%s/f", lib.folder);
    ck_assert_str_eq(hex_of(path, false, 1 << 20), want);
    ck_assert_str_eq(hex_of(path, true, 1 << 20), want);
    free(want);
}
END_TEST

START_TEST(disks_spin_where_lsblk_says_so)
{
    struct stat st;
    char *list = sandbox_run("lsblk -lnpo NAME,ROTA 2>/dev/null || true"), *rest = NULL;

    for (char *line = strtok_r(list, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char name[200];
        int spins;
        if (sscanf(line, "%199s %d", name, &spins) == 2 && stat(name, &st) == 0)
            ck_assert_msg(disk_spins(st.st_rdev) == (spins == 1), "%s", line);
    }
    free(list);
    ck_assert_int_eq(stat("/proc/self", &st), 0);
    ck_assert(!disk_spins(st.st_dev));
    const struct reading here = {.dev = st.st_dev};
    ck_assert_int_eq(readers_worth(&here, 3), 3);
    ck_assert_int_ge(readers_worth(&here, 0), 2);
}
END_TEST

/* ---- whole verifications of A's replica ---- */

struct result {
    char type[16], code[16];
    int64_t ok, damaged, changed, fresh, missing, unread, files, bytes, left, left_bytes, cancelled;
    char told[2000];    /* "state path known certain good_on;" for each */
};

static int64_t number(const struct event *ev, const char *key)
{
    for (size_t i = 0; i < ev->count; i++)
        if (strcmp(ev->fields[i].key, key) == 0)
            return ev->fields[i].integer;
    return 0;
}

static const char *text(const struct event *ev, const char *key)
{
    for (size_t i = 0; i < ev->count; i++)
        if (strcmp(ev->fields[i].key, key) == 0)
            return ev->fields[i].text;
    return "";
}

static void take(const struct event *ev, struct result *r)
{
    size_t len = strlen(r->told), top = strlen(P);
    const char *path = text(ev, "path");

    if (strcmp(ev->type, "file") == 0)
        snprintf(r->told + len, sizeof r->told - len, "%s %s%s%s%s%s;", text(ev, "state"),
                 strlen(path) > top ? path + top + 1 : path, number(ev, "known") ? " known" : "",
                 number(ev, "certain") ? " certain" : "", *text(ev, "good_on") ? " on " : "", text(ev, "good_on"));
    if (strcmp(ev->type, "done") != 0 && strcmp(ev->type, "failed") != 0)
        return;
    snprintf(r->type, sizeof r->type, "%s", ev->type);
    snprintf(r->code, sizeof r->code, "%s", text(ev, "code"));
    r->ok = number(ev, "files_ok");
    r->damaged = number(ev, "files_damaged");
    r->changed = number(ev, "files_changed");
    r->fresh = number(ev, "files_new");
    r->missing = number(ev, "files_missing");
    r->unread = number(ev, "files_unread");
    r->files = number(ev, "files");
    r->bytes = number(ev, "bytes");
    r->left = number(ev, "files_left");
    r->left_bytes = number(ev, "bytes_left");
    r->cancelled = number(ev, "cancelled");
}

static int64_t replica_of(int64_t database) { return library_replica(&lib, database, 1, "acme", "spot"); }

static struct verify_request verifying;    /* the options of the next one */

static struct result verify_it(void)
{
    struct verify_request request = verifying;
    struct result r = {0};
    struct event *ev;
    struct job *job;

    request.catalog = mem_strdup(lib.path);
    request.root = copying_root("A");
    request.identity = copying_identity("A");
    request.path = mem_strdup(P);
    request.replica = replica_of(1);
    if (replica_of(2)) {
        request.peers = mem_zalloc(sizeof *request.peers);
        request.peers[0] = (struct verify_peer){mem_strdup("B"), replica_of(2)};
        request.peer_count = 1;
    }
    ck_assert_int_eq(verify_start(&request, &job, NULL), 0);
    while (job_next(job, -1, &ev) == 1) {
        take(ev, &r);
        event_free(ev);
    }
    job_close(job);
    return r;
}

static void open_verifying(void)
{
    copying_open();
    verifying = (struct verify_request){.before = INT64_MAX, .max_bytes = -1};
}

/* Files of which every time lies well back: nothing about them is young. */
static void plant(void)
{
    free(sandbox_run("mkdir -p '%s/A/" P "/d' && cd '%s/A/" P "' && printf 1234567890 >a && printf abcde >d/b && "
                     "printf '' >empty && ln -s a link", lib.folder, lib.folder));
    sandbox_let_time_pass(lib.folder);    /* a digest of a file as young as the clock's tick would be unconfirmed */
    library_load(&lib, 1, 2);
}

/* Change a file's content, but not its size and mtime: the ctime moves. */
static void rewrite(const char *database, const char *path)
{
    free(sandbox_run("cd '%s/%s/" P "' && t=$(stat -c %%y %s) && printf X | dd of=%s conv=notrunc status=none && "
                     "touch -d \"$t\" %s", lib.folder, database, path, path, path));
}

/* What a digest of that content was taken of, as the file's times are now. */
static struct taken taken_of(const char *database, const char *path, const char *content)
{
    char full[400];
    struct stat st;

    snprintf(full, sizeof full, "%s/%s/" P "/%s", lib.folder, database, path);
    ck_assert_int_eq(stat(full, &st), 0);
    return (struct taken){.path = (char *)path, .digest = digest_of(content, strlen(content)), .size = strlen(content),
                          .mtime = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec,
                          .ctime = st.st_ctim.tv_sec * 1000000000LL + st.st_ctim.tv_nsec};
}

/* The same as a disk that decays does it: to the catalog the ctime is what it was. */
static void rot(const char *database, const char *path, const char *content)
{
    struct taken t = taken_of(database, path, content);

    t.moved = true, t.listed_ctime = t.ctime;
    rewrite(database, path);
    t.ctime = taken_of(database, path, content).ctime;
    ck_assert_int_eq(replica_record_digests(lib.cat, replica_of(database[0] == 'A' ? 1 : 2), &t, 1, NULL), 0);
}

START_TEST(new_then_ok)
{
    plant();
    struct result r = verify_it();
    ck_assert_str_eq(r.type, "done");
    ck_assert_int_eq(r.fresh, 3);
    ck_assert_int_eq(r.ok + r.damaged + r.changed + r.missing + r.unread + r.left, 0);
    ck_assert_int_eq(r.bytes, 15);
    ck_assert_int_gt(library_number(&lib, "SELECT verified_at FROM replica"), 0);
    r = verify_it();
    ck_assert_int_eq(r.ok, 3);
    ck_assert_int_eq(r.fresh, 0);
}
END_TEST

START_TEST(damage_is_found_remembered_and_forgotten)
{
    static const char known[] = "SELECT TOTAL(damaged) FROM directory";

    plant();
    verify_it();
    ck_assert_int_eq(library_number(&lib, known), 0);
    rot("A", "d/b", "abcde");
    struct result r = verify_it();
    ck_assert_int_eq(r.ok, 2);
    ck_assert_int_eq(r.damaged, 1);
    ck_assert_str_eq(r.told, "damaged d/b certain;");
    ck_assert_int_eq(library_number(&lib, known), 1);
    library_load(&lib, 1, 2);                    /* reading names forgets no damage */
    ck_assert_int_eq(library_number(&lib, known), 1);
    verifying.before = 1;                        /* nothing is due */
    r = verify_it();
    ck_assert_str_eq(r.told, "damaged d/b known;");
    ck_assert_int_eq(r.files, 0);
    verifying.known_again = true;
    r = verify_it();
    ck_assert_str_eq(r.told, "damaged d/b certain;");
    ck_assert_int_eq(r.files, 1);
    free(sandbox_run("cd '%s/A/" P "' && t=$(stat -c %%y d/b) && printf abcde >d/b && touch -d \"$t\" d/b", lib.folder));
    r = verify_it();
    ck_assert_int_eq(r.ok, 1);
    ck_assert_int_eq(library_number(&lib, known), 0);
    rot("A", "a", "1234567890");
    verifying = (struct verify_request){.before = INT64_MAX, .max_bytes = -1};
    ck_assert_int_eq(verify_it().damaged, 1);
    free(sandbox_run("cd '%s/A/" P "' && echo another >a", lib.folder));
    library_load(&lib, 1, 2);                    /* a changed file is no damaged one */
    ck_assert_int_eq(library_number(&lib, known), 0);
}
END_TEST

START_TEST(what_somebody_wrote_is_its_content_from_then_on)
{
    plant();
    verify_it();
    rewrite("A", "a");
    struct result r = verify_it();
    ck_assert_int_eq(r.damaged, 0);
    ck_assert_str_eq(r.told, "renewed a;");
    ck_assert_int_eq(library_number(&lib, "SELECT TOTAL(open) FROM directory"), 1);
    r = verify_it();
    ck_assert_int_eq(r.ok, 3);
    ck_assert_str_eq(r.told, "");
    library_load(&lib, 1, 2);
    r = verify_it();
    ck_assert_int_eq(r.ok, 3);
}
END_TEST

START_TEST(what_has_the_content_is_named)
{
    plant();
    verify_it();
    free(sandbox_run("mkdir -p '%s/B/one/acme' && cp -a '%s/A/" P "' '%s/B/one/acme/'", lib.folder, lib.folder, lib.folder));
    library_load(&lib, 2, 2);
    rot("A", "a", "1234567890");
    rot("A", "d/b", "abcde");
    struct taken t = taken_of("B", "a", "1234567890");
    ck_assert_int_eq(replica_record_digests(lib.cat, replica_of(2), &t, 1, NULL), 0);
    struct result r = verify_it();
    ck_assert_int_eq(r.damaged, 2);
    ck_assert_ptr_nonnull(strstr(r.told, "damaged a certain on B;"));
    ck_assert_ptr_nonnull(strstr(r.told, "damaged d/b certain;"));    /* of B's nothing is known */
}
END_TEST

START_TEST(what_is_not_as_loaded_is_told_and_not_recorded)
{
    plant();
    free(sandbox_run("cd '%s/A/" P "' && echo longer >>a && rm d/b && rm empty && mkdir empty", lib.folder));
    struct result r = verify_it();
    ck_assert_int_eq(r.changed, 2);
    ck_assert_int_eq(r.missing, 1);
    ck_assert_int_eq(r.files, 0);
    ck_assert_int_eq(r.left, 0);
    ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM directory WHERE digests IS NOT NULL"), 0);
    ck_assert_int_eq(library_number(&lib, "SELECT verified_at IS NULL FROM replica"), 1);
    free(sandbox_run("cd '%s/A/" P "' && rmdir empty && ln -s a empty && rm -r d && ln -s . d", lib.folder));
    r = verify_it();    /* nothing is reached through a symlink */
    ck_assert_int_eq(r.changed, 3);
    ck_assert_int_eq(r.files, 0);
}
END_TEST

static enum digest_state state_of(const char *name, struct entry *ret)
{
    struct directory dir;
    struct listing l;
    struct digest d;
    enum digest_state state = DIGEST_NONE;

    ck_assert_int_eq(replica_directory(lib.cat, replica_of(1), "", 0, &dir, NULL), 1);
    ck_assert_int_eq(directory_open(&dir, &l), 0);
    while (listing_next(&l, ret) == 1 && strcmp(ret->name, name) != 0)
        ;
    ck_assert_str_eq(ret->name, name);
    state = listing_digest(&l, &d);
    listing_close(&l);
    directory_free(&dir);
    return state;
}

/* A chmod moves the ctime: unconfirmed after a load, confirmed again by reading, and the next load finds it so. */
START_TEST(an_equal_content_is_confirmed_again)
{
    struct entry e;

    plant();
    verify_it();
    free(sandbox_run("chmod 600 '%s/A/" P "/a'", lib.folder));
    sandbox_let_time_pass(lib.folder);
    if (_i) {    /* loaded in between or not */
        library_load(&lib, 1, 2);
        ck_assert_int_eq(state_of("a", &e), DIGEST_UNCONFIRMED);
    }
    struct result r = verify_it();
    ck_assert_int_eq(r.ok, 3);
    ck_assert_int_eq(state_of("a", &e), DIGEST_CONFIRMED);
    char *ctime = sandbox_run("stat -c %%.9Z '%s/A/" P "/a' | tr -d '.\\n'", lib.folder);
    ck_assert_int_eq(e.ctime, strtoll(ctime, NULL, 10));
    free(ctime);
    library_load(&lib, 1, 2);
    ck_assert_int_eq(state_of("a", &e), DIGEST_CONFIRMED);
    ck_assert_uint_eq(e.mode & 07777, 0600);
    verifying.before = 1;
    ck_assert_int_eq(verify_it().left, 0);    /* and its time is still known */
}
END_TEST

START_TEST(a_limit_leaves_the_rest_for_the_next_run)
{
    free(sandbox_run("mkdir -p '%s/A/" P "' && cd '%s/A/" P "' && for i in $(seq 40); do head -c 1000 /dev/urandom >f$i; done",
                     lib.folder, lib.folder));
    library_load(&lib, 1, 2);
    int64_t before = time(NULL) - 1000;
    verifying.before = before;
    verifying.max_bytes = 9500;
    int64_t expected[] = {10, 10, 10, 10, 0}, left[] = {30, 20, 10, 0, 0};
    for (int i = 0; i < 5; i++) {
        struct result r = verify_it();
        ck_assert_int_eq(r.files, expected[i]);
        ck_assert_int_eq(r.left, left[i]);
        ck_assert_int_eq(r.left_bytes, left[i] * 1000);
    }
    ck_assert_int_gt(library_number(&lib, "SELECT verified_at FROM replica"), before * 1000000000);
}
END_TEST

START_TEST(memory_is_no_verification)
{
    plant();
    verifying.cached = true;
    struct result r = verify_it();
    ck_assert_int_eq(r.fresh, 3);
    ck_assert_int_eq(library_number(&lib, "SELECT verified_at IS NULL FROM replica"), 1);
    ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM directory WHERE verified IS NOT NULL"), 0);
    r = verify_it();
    ck_assert_int_eq(r.ok, 3);    /* the digests are good */
}
END_TEST

START_TEST(another_disk_is_not_read)
{
    plant();
    free(sandbox_run("rm -r '%s/A/.autobackup'", lib.folder));
    verifying.jobs = 1;
    struct verify_request request = {.catalog = mem_strdup(lib.path), .root = copying_root("A"),
                                     .identity = mem_strdup("another"), .path = mem_strdup(P), .replica = replica_of(1),
                                     .before = INT64_MAX, .max_bytes = -1};
    struct result r = {0};
    struct event *ev;
    struct job *job;
    ck_assert_int_eq(verify_start(&request, &job, NULL), 0);
    while (job_next(job, -1, &ev) == 1) {
        take(ev, &r);
        event_free(ev);
    }
    job_close(job);
    ck_assert_str_eq(r.type, "failed");
    ck_assert_str_eq(r.code, "EOFFLINE");
}
END_TEST

/* ---- copies ---- */

START_TEST(a_copied_source_counts_as_verified)
{
    copying_plant();
    copying_run();
    copying_is_done();
    library_load(&lib, 2, 2);
    struct record_request record = {.catalog = lib.path, .operation = out.operation, .target_root = copying_root("B"),
                                    .target_identity = copying_identity("B"), .source = replica_of(1),
                                    .target = replica_of(2)};
    int64_t count;
    ck_assert_int_eq(transfer_record(&record, &count, NULL), 0);
    free((char *)record.target_root);
    free((char *)record.target_identity);
    ck_assert_int_gt(library_number(&lib, "SELECT count(*) FROM directory WHERE replica = 1 AND verified IS NOT NULL"), 0);
    ck_assert_int_eq(library_number(&lib, "SELECT count(*) FROM directory WHERE replica = 2 AND verified IS NOT NULL"), 0);
    ck_assert_int_gt(library_number(&lib, "SELECT count(*) FROM directory WHERE replica = 2 AND digests IS NOT NULL"), 0);
}
END_TEST

/* Rot of a source whose digest is confirmed, found by the copy itself or told by an earlier verification. */
START_TEST(rot_overwrites_no_good_copy)
{
    plant();
    verify_it();
    free(sandbox_run("cd '%s/A/" P "' && touch -d '2020-01-01' a && mkdir -p '%s/B/" P "'", lib.folder, lib.folder));
    sandbox_let_time_pass(lib.folder);
    library_load(&lib, 1, 2);
    verify_it();
    free(sandbox_run("cd '%s' && cp A/" P "/a B/" P "/ && touch -d 2019-01-01 B/" P "/a", lib.folder));
    struct entry e;
    ck_assert_int_eq(state_of("a", &e), DIGEST_CONFIRMED);
    struct taken t = {.path = (char *)"a", .digest = digest_of("what it was", 11), .size = e.size, .mtime = e.mtime,
                      .ctime = e.ctime};
    ck_assert_int_eq(replica_record_digests(lib.cat, replica_of(1), &t, 1, NULL), 0);
    if (_i)
        ck_assert_int_eq(verify_it().damaged, 1);
    copying_run();
    ck_assert_str_eq(out.problem_code, "EDAMAGED");
    ck_assert_int_eq(out.failed, 1);
    free(sandbox_run("test \"$(cat '%s/B/" P "/a')\" = 1234567890", lib.folder));
    free(sandbox_run("test $(stat -c %%Y '%s/B/" P "/a') = $(date -d 2019-01-01 +%%s)", lib.folder));
}
END_TEST

/* ---- older catalogs ---- */

START_TEST(a_catalog_of_the_first_schema_is_brought_up_to_date)
{
    struct catalog *cat;
    struct error err = {0};

    plant();
    verify_it();
    char *digests = sandbox_run("sqlite3 '%s' 'SELECT path, hex(listing), hex(digests) FROM directory ORDER BY id'",
                                lib.path);
    catalog_close(lib.cat);
    catalog_release();
    /* What a program of the first schema would have left: its tables, with what stands in theirs now. */
    free(sandbox_run("cd '%s' && mv '%s' made.db && sqlite3 old.db <\"$OLDPWD/src/index/schema_1.sql\" && "
                     "sqlite3 old.db \"SELECT 'INSERT OR REPLACE INTO ' || m.name || ' SELECT ' || group_concat(i.name) || "
                     "' FROM made.' || m.name || ';' FROM sqlite_schema m, pragma_table_info(m.name) i "
                     "WHERE m.type = 'table' GROUP BY m.name\" >fill && "
                     "{ echo \"ATTACH 'made.db' AS made; PRAGMA application_id = %d;\"; cat fill; } | sqlite3 old.db && test -s fill && "
                     "mv old.db '%s'", lib.folder, lib.path, SCHEMA_APPLICATION, lib.path));
    ck_assert_msg(catalog_open(lib.path, &cat, &err) == 0, "%s", err.message);
    lib.cat = cat;
    ck_assert_int_eq(library_number(&lib, "PRAGMA user_version"), SCHEMA_VERSION);
    char *now = sandbox_run("sqlite3 '%s' 'SELECT path, hex(listing), hex(digests) FROM directory ORDER BY id'",
                            lib.path);
    ck_assert_str_eq(now, digests);
    struct result r = verify_it();
    ck_assert_int_eq(r.ok, 3);
    ck_assert_int_gt(library_number(&lib, "SELECT count(*) FROM directory WHERE verified IS NOT NULL"), 0);
    free(digests), free(now);
}
END_TEST

Suite *suite_verify(void)
{
    Suite *s = suite_create("verify");
    TCase *pure = tcase_create("pure"), *whole = tcase_create("whole");

    tcase_add_test(pure, without_a_limit_all_that_is_due_is_read);
    tcase_add_test(pure, a_limit_takes_the_oldest_and_ends_with_the_file_that_passes_it);
    tcase_add_test(pure, a_content_is_judged_by_what_is_known);
    tcase_add_test(pure, what_moved_is_told_by_the_signs_that_are_kept);
    tcase_add_test(pure, a_medium_that_lost_a_content_is_damage_where_it_was_known);
    tcase_add_loop_test(pure, digests_are_those_of_xxhsum, 0, 2);
    tcase_add_test(pure, disks_spin_where_lsblk_says_so);
    suite_add_tcase(s, pure);
    tcase_add_checked_fixture(whole, open_verifying, copying_close);
    tcase_add_test(whole, a_file_that_became_shorter_ends_where_it_ends);
    tcase_add_test(whole, new_then_ok);
    tcase_add_test(whole, damage_is_found_remembered_and_forgotten);
    tcase_add_test(whole, what_somebody_wrote_is_its_content_from_then_on);
    tcase_add_test(whole, what_has_the_content_is_named);
    tcase_add_test(whole, what_is_not_as_loaded_is_told_and_not_recorded);
    tcase_add_loop_test(whole, an_equal_content_is_confirmed_again, 0, 2);
    tcase_add_test(whole, a_limit_leaves_the_rest_for_the_next_run);
    tcase_add_test(whole, memory_is_no_verification);
    tcase_add_test(whole, another_disk_is_not_read);
    tcase_add_test(whole, a_copied_source_counts_as_verified);
    tcase_add_loop_test(whole, rot_overwrites_no_good_copy, 0, 2);
    tcase_add_test(whole, a_catalog_of_the_first_schema_is_brought_up_to_date);
    suite_add_tcase(s, whole);
    return s;
}
