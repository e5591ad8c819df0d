/* manifest, lock: what is written down can be read, whole or torn; one writer at a time. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "copy/lock.h"
#include "copy/manifest.h"
#include "faults.h"
#include "sandbox.h"
#include "suites.h"

#define OP "20311123T020000Z-7f3a"
#define RUN "20311123T020000Z-9c1e"

static char folder[256];
static int root;
static struct manifest manifest;

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

static const struct who who = {.host = "h", .user = "anna", .boot = "8c1f", .pid = 7, .began = 12345};

static void start(void)
{
    const struct manifest_head head = {.operation = OP,
                                       .kind = "copy",
                                       .replica = "one/acme/spot",
                                       .target = "T",
                                       .source = "S",
                                       .run = RUN,
                                       .who = &who,
                                       .started_at = 99};
    ck_assert_int_eq(manifest_create(root, &head, &manifest), 0);
}

static const struct manifest_file file = {.mode = S_IFREG | 04755,
                                          .size = 123456789012,
                                          .mtime = -5,
                                          .uid = 1,
                                          .gid = 4294967295u,
                                          .has_digest = true,
                                          .digest = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255}}};
static const struct manifest_file link_ = {.mode = S_IFLNK | 0777, .mtime = 1};

static void write_some(void)
{
    struct taken target = {
        .path = (char *)"a\nb/\xff", .digest = file.digest, .size = 5, .mtime = 1, .ctime = 2, .young = true};
    struct taken source = {.mtime = -3, .ctime = 4};

    manifest_add_create(&manifest, "a\nb/\xff", &file);
    manifest_add_replace(&manifest, "x", &file, &link_);
    manifest_add_remove(&manifest, "y", &link_);
    manifest_add_touch(&manifest, "", &file, &file);
    manifest_add_rename(&manifest, "d/Shot", "shot");
    manifest_add_void(&manifest, MANIFEST_REPLACE, S_IFREG, "x");
    manifest_add_taken(&manifest, &target, &source);
    ck_assert_int_eq(manifest_write(&manifest), 0);
}

static int count_records(bool *ret_torn)
{
    struct manifest_reader reader;
    struct manifest_record record;
    int n = 0, code;

    ck_assert_int_eq(manifest_open(root, OP, &reader), 0);
    while ((code = manifest_next(&reader, &record)) == 1)
        n++;
    ck_assert_int_eq(code, 0);
    *ret_torn = reader.torn;
    manifest_reader_close(&reader);
    return n;
}

START_TEST(reads_what_was_written)
{
    static const enum manifest_verb verbs[] = {MANIFEST_HEAD,  MANIFEST_RUN,    MANIFEST_CREATE, MANIFEST_REPLACE,
                                               MANIFEST_REMOVE, MANIFEST_TOUCH, MANIFEST_RENAME, MANIFEST_VOID, MANIFEST_TAKEN,
                                               MANIFEST_COUNTS, MANIFEST_END};
    struct manifest_reader reader;
    struct manifest_record record;
    struct manifest_file got;
    struct taken target, source;

    start();
    write_some();
    ck_assert_int_eq(manifest_end(&manifest, "done", 3, 4), 0);
    manifest_close(&manifest);
    ck_assert_int_eq(manifest_open(root, OP, &reader), 0);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        ck_assert_int_eq(manifest_next(&reader, &record), 1);
        ck_assert_int_eq(record.verb, verbs[i]);
        if (record.verb == MANIFEST_HEAD)
            ck_assert_str_eq(record.fields[4], "one/acme/spot");
        if (record.verb == MANIFEST_RUN) {
            ck_assert_str_eq(record.fields[1], RUN);
            ck_assert_str_eq(record.fields[2], "anna");
            ck_assert_str_eq(record.fields[3], "8c1f");
            ck_assert_str_eq(record.fields[4], "12345");
        }
        if (record.verb == MANIFEST_CREATE || record.verb == MANIFEST_REPLACE) {
            ck_assert(manifest_file(&record, 2, &got));
            ck_assert_uint_eq(got.size, file.size);
            ck_assert_uint_eq(got.mode, file.mode);
            ck_assert_uint_eq(got.gid, file.gid);
            ck_assert_mem_eq(&got.digest, &file.digest, sizeof got.digest);
        }
        if (record.verb == MANIFEST_REPLACE) {
            ck_assert(manifest_file(&record, 9, &got));
            ck_assert(S_ISLNK(got.mode) && !got.has_digest);
        }
        ck_assert(!manifest_file(&record, 10, &got));
        ck_assert_int_eq(manifest_taken(&record, &target, &source), record.verb == MANIFEST_TAKEN);
        if (record.verb == MANIFEST_TAKEN) {
            ck_assert_int_eq(source.mtime, -3);
            ck_assert(!source.young);
            ck_assert(target.young && target.ctime == 2 && target.size == 5 && source.size == 5);
            ck_assert_str_eq(target.path, "a\nb/\xff");
            ck_assert_str_eq(source.path, target.path);
        }
    }
    ck_assert_int_eq(manifest_next(&reader, &record), 0);
    ck_assert(!reader.torn);
    manifest_reader_close(&reader);
}
END_TEST

START_TEST(every_torn_end_is_seen)
{
    bool torn;
    struct stat st;

    start();
    ck_assert_int_eq(fstat(manifest.fd, &st), 0);
    off_t head = st.st_size;
    write_some();
    ck_assert_int_eq(fstat(manifest.fd, &st), 0);
    int whole = count_records(&torn);
    ck_assert_int_eq(whole, 9);
    for (off_t at = st.st_size - 1; at > head; at--) {
        ck_assert_int_eq(ftruncate(manifest.fd, at), 0);
        int n = count_records(&torn);
        ck_assert_int_lt(n, whole);
        ck_assert_int_ge(n, 1);
    }
    manifest_close(&manifest);
}
END_TEST

START_TEST(damage_ends_it)
{
    bool torn;

    start();
    write_some();
    int fd = openat(manifest.dir, OP MANIFEST_OPEN, O_RDWR);
    char byte;
    ck_assert_int_eq(pread(fd, &byte, 1, 200), 1);
    byte ^= 1;
    ck_assert_int_eq(pwrite(fd, &byte, 1, 200), 1);
    close(fd);
    int n = count_records(&torn);
    ck_assert_int_lt(n, 8);
    ck_assert(torn);
    manifest_close(&manifest);
}
END_TEST

static void append_record(const char *fields, size_t len)
{
    char hex[20];
    int at = snprintf(hex, sizeof hex, "%016llx", (unsigned long long)hash64_of(fields, len)) + 1;

    ck_assert_int_eq(write(manifest.fd, fields, len), (ssize_t)len);
    ck_assert_int_eq(write(manifest.fd, hex, (size_t)at), at);
}

START_TEST(a_verb_of_a_newer_version_is_passed_over)
{
    static const char newer[] = "renamed\0a\0b\0some\0more", cut[] = "cut\0off";
    bool torn;

    start();
    append_record(newer, sizeof newer);
    manifest_add_create(&manifest, "x", &file);
    ck_assert_int_eq(manifest_write(&manifest), 0);
    ck_assert_int_eq(count_records(&torn), 3);
    ck_assert(!torn);
    append_record(cut, sizeof cut);
    ck_assert_int_eq(ftruncate(manifest.fd, lseek(manifest.fd, 0, SEEK_END) - 3), 0);
    ck_assert_int_eq(count_records(&torn), 3);
    ck_assert(torn);
    manifest_close(&manifest);
}
END_TEST

START_TEST(counts_leave_out_what_was_voided)
{
    static const struct manifest_file directory = {.mode = S_IFDIR | 0700};
    struct manifest_reader reader;
    struct manifest_record record;
    int64_t number, expected[] = {1, 1, 0, 1, 2};

    start();
    manifest_add_create(&manifest, "a", &file);
    manifest_add_create(&manifest, "b", &file);
    manifest_add_void(&manifest, MANIFEST_CREATE, file.mode, "b");
    manifest_add_replace(&manifest, "c", &file, &file);
    manifest_add_remove(&manifest, "d", &link_);
    manifest_add_void(&manifest, MANIFEST_REMOVE, link_.mode, "d");
    manifest_add_touch(&manifest, "e", &directory, &directory);
    manifest_add_attributes(&manifest, "e", "");
    manifest_add_folder(&manifest, "", &directory);
    manifest_add_create(&manifest, "f", &directory);
    manifest_add_above(&manifest, "one", &directory);
    ck_assert_int_eq(manifest_end(&manifest, "done", 3, 4), 0);
    manifest_close(&manifest);
    ck_assert_int_eq(manifest_open(root, OP, &reader), 0);
    do
        ck_assert_int_eq(manifest_next(&reader, &record), 1);
    while (record.verb != MANIFEST_COUNTS);
    for (int i = 0; i < 5; i++) {
        ck_assert(manifest_number(&record, i + 1, &number));
        ck_assert_int_eq(number, expected[i]);
    }
    manifest_reader_close(&reader);
}
END_TEST

static bool is_number(const char *text, int64_t *ret_number)
{
    struct manifest_record record = {.count = 1, .fields = {text}};
    return manifest_number(&record, 0, ret_number);
}

START_TEST(numbers)
{
    static const int64_t good[] = {0, 7, -7, 1790000000123456789, INT64_MAX, INT64_MIN};
    static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "0x1", "1e3", "--1", "9223372036854775808",
                                      "-9223372036854775809", "99999999999999999999999"};
    char text[32];
    int64_t number;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(text, sizeof text, "%lld", (long long)good[i]);
        ck_assert(is_number(text, &number) && number == good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!is_number(bad[i], &number), "'%s'", bad[i]);
}
END_TEST

START_TEST(many_records)
{
    bool torn;

    start();
    for (int i = 0; i < 5000; i++)
        manifest_add_create(&manifest, "some/where/name", &file);
    ck_assert_int_eq(manifest_write(&manifest), 0);
    ck_assert_int_eq(count_records(&torn), 5002);
    manifest_close(&manifest);
}
END_TEST

START_TEST(one_manifest_of_an_operation)
{
    const struct manifest_head head = {
        .operation = OP, .kind = "copy", .replica = "r", .target = "", .source = "", .who = &who};
    struct manifest second;

    start();
    ck_assert_int_eq(manifest_create(root, &head, &second), -EEXIST);
    ck_assert_int_eq(manifest_end(&manifest, "done", 0, 0), 0);
    manifest_close(&manifest);
    ck_assert_int_eq(manifest_create(root, &head, &second), -EEXIST);
}
END_TEST

/* The disk says it to one fsync only, and another thread's comes next. */
START_TEST(a_sync_that_failed_ends_the_manifest)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_OMIT}};

    start();
    faults.times_left = 1;
    for (int i = 0; i < 2; i++)
        (void)futimens(root, times);
    ck_assert_int_eq(manifest_sync(&manifest), -ENOSPC);
    faults.times_left = 0;
    ck_assert_int_eq(manifest_sync(&manifest), -EIO);
    manifest_add_create(&manifest, "x", &file);
    ck_assert_int_eq(manifest_write(&manifest), -EIO);
    ck_assert_int_eq(manifest_end(&manifest, "done", 0, 0), -EIO);
    manifest_close(&manifest);
}
END_TEST

START_TEST(names_that_are_no_operations)
{
    struct manifest_reader reader;

    ck_assert_int_eq(manifest_open(root, "../lock", &reader), -EINVAL);
    ck_assert_int_eq(manifest_open(root, "", &reader), -EINVAL);
    ck_assert_int_eq(manifest_open(root, OP, &reader), -ENOENT);
}
END_TEST

START_TEST(a_second_writer_is_told_who_holds_it)
{
    struct error err = {0};
    int first = lock_take(root, "WORK", "copy, pid 4711, since 02:00", 0, NULL, NULL, &err);

    ck_assert_int_ge(first, 0);
    ck_assert_int_eq(lock_take(root, "WORK", "me", 0, NULL, NULL, &err), -EBUSY);
    ck_assert_str_eq(err.message, "WORK is busy: copy, pid 4711, since 02:00; wait for it with --lock-wait");
    ck_assert_str_eq(err.code, "EBUSY");
    lock_give_back(first);
    int second = lock_take(root, "WORK", "x", 0, NULL, NULL, &err);
    ck_assert_int_ge(second, 0);
    char *text = sandbox_run("cat '%s/.autobackup/lock'", folder);
    ck_assert_str_eq(text, "x");
    free(text);
    lock_give_back(second);
    error_clear(&err);
}
END_TEST

START_TEST(waiting_for_a_holder_that_dies)
{
    int pipes[2];

    ck_assert_int_eq(pipe(pipes), 0);
    pid_t child = fork();
    if (!child) {
        int held = lock_take(root, "WORK", "child", 0, NULL, NULL, NULL);
        (void)!write(pipes[1], "x", 1);
        pause();
        _exit(held < 0);
    }
    char byte;
    ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
    ck_assert_int_eq(lock_take(root, "WORK", "me", 120 * NSEC_PER_MSEC, NULL, NULL, NULL), -EBUSY);
    kill(child, SIGKILL);
    int lock = lock_take(root, "WORK", "me", 5 * NSEC_PER_SEC, NULL, NULL, NULL);
    ck_assert_int_ge(lock, 0);
    lock_give_back(lock);
    waitpid(child, NULL, 0);
}
END_TEST

START_TEST(waiting_can_be_cancelled)
{
    atomic_bool cancel = true;
    int held = lock_take(root, "WORK", "a", 0, NULL, NULL, NULL);

    ck_assert_int_eq(lock_take(root, "WORK", "b", 60 * NSEC_PER_SEC, &cancel, NULL, NULL), -ECANCELED);
    lock_give_back(held);
}
END_TEST

START_TEST(a_symlink_is_no_lock)
{
    free(sandbox_run("cd '%s' && mkdir .autobackup && ln -s ../canary .autobackup/lock", folder));
    ck_assert_int_eq(lock_take(root, "WORK", "a", 0, NULL, NULL, NULL), -ELOOP);
    free(sandbox_run("test ! -e '%s/canary'", folder));
}
END_TEST

Suite *suite_copy_books(void)
{
    Suite *s = suite_create("copy/books");
    TCase *c = tcase_create("manifest and lock");

    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, reads_what_was_written);
    tcase_add_test(c, every_torn_end_is_seen);
    tcase_add_test(c, damage_ends_it);
    tcase_add_test(c, a_verb_of_a_newer_version_is_passed_over);
    tcase_add_test(c, counts_leave_out_what_was_voided);
    tcase_add_test(c, numbers);
    tcase_add_test(c, many_records);
    tcase_add_test(c, one_manifest_of_an_operation);
    tcase_add_test(c, a_sync_that_failed_ends_the_manifest);
    tcase_add_test(c, names_that_are_no_operations);
    tcase_add_test(c, a_second_writer_is_told_who_holds_it);
    tcase_add_test(c, waiting_for_a_holder_that_dies);
    tcase_add_test(c, waiting_can_be_cancelled);
    tcase_add_test(c, a_symlink_is_no_lock);
    suite_add_tcase(s, c);
    return s;
}
