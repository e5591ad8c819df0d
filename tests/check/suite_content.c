/* content and sums: what folders hold and what lies below them, against find(1) and du-like sums of awk. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/content.h"
#include "index/names.h"
#include "index/sums.h"
#include "library.h"
#include "sandbox.h"
#include "suites.h"

static struct library lib;

static void set_up(void) { library_open(&lib); }
static void tear_down(void) { library_close(&lib); }

/* A tree with names that sort around '/', an empty folder, a symlink and files of many sizes and times. */
static void make_tree(void)
{
    char root[300];

    snprintf(root, sizeof root, "%s/A/one/client/project", lib.folder);
    sandbox_folder(root, "empty/inner");
    free(sandbox_run("cd '%s' && mkdir -p a a-b a/b 'a b/c/d/e' deep/x/y/z && ln -s a link && "
                     "i=1; for d in . a a-b a/b 'a b' 'a b/c/d/e' deep/x deep/x/y/z; do for n in 1 2 3 4 5; do "
                     "i=$((i * 5 %% 8191)); truncate -s $i \"$d/file $n.$i\"; "
                     "touch -d @$((1000000 + i)) \"$d/file $n.$i\"; done; done", root));
}

static int64_t load_tree(void)
{
    make_tree();
    ck_assert_int_eq(library_load(&lib, 1, 2).errors, 0);
    return library_replica(&lib, 1, 1, "client", "project");
}

static struct sums *sum_up(int64_t replica, int threads)
{
    struct sums *sums;
    struct error err = {0};

    ck_assert_msg(sums_start(lib.path, replica, threads, &sums, &err) == 0, "%s", err.message);
    ck_assert_msg(sums_wait(sums, -1, &err) == 1, "%s", err.message);
    ck_assert_int_eq(sums_wait(sums, 0, &err), 1);
    return sums;
}

/* Files, bytes and newest time (seconds) below a folder, from find(1). */
static struct totals found_below(const char *path)
{
    struct totals t = {0};
    long long files, bytes, newest;
    char *out = sandbox_run("cd '%s/A/one/client/project' && find './%s' -type f -printf '%%s %%Ts\\n' | "
                            "awk '{ n++; b += $1; if ($2 > t) t = $2 } END { printf \"%%d %%d %%d\", n, b, t }'",
                            lib.folder, path);

    ck_assert_int_eq(sscanf(out, "%lld %lld %lld", &files, &bytes, &newest), 3);
    free(out);
    t.files = files;
    t.bytes = bytes;
    t.newest = newest * 1000000000;
    return t;
}

static void assert_totals(const struct totals *got, const char *path)
{
    struct totals want = found_below(path);

    ck_assert_msg(got != NULL, "no folder '%s'", path);
    ck_assert_msg(got->files == want.files && got->bytes == want.bytes, "'%s': %lld files, %lld bytes, not %lld, %lld",
                  path, (long long)got->files, (long long)got->bytes, (long long)want.files, (long long)want.bytes);
    if (want.files)
        ck_assert_int_eq(got->newest, want.newest);
}

START_TEST(every_folder_has_what_find_finds_below_it)
{
    struct sums *sums = sum_up(load_tree(), _i);
    char *folders = sandbox_run("cd '%s/A/one/client/project' && find . -mindepth 1 -type d -printf '%%P\\n'", lib.folder);
    int count = 0;

    assert_totals(sums_of(sums, "", 0), "");
    for (char *path = strtok(folders, "\n"); path; path = strtok(NULL, "\n"), count++)
        assert_totals(sums_of(sums, path, strlen(path)), path);
    ck_assert_int_eq(count, 13);
    ck_assert_ptr_null(sums_of(sums, "a/bc", 4));
    ck_assert_ptr_null(sums_of(sums, "link", 4));
    free(folders);
    sums_close(sums);
}
END_TEST

START_TEST(a_replica_beside_others_is_told_apart)
{
    for (int i = 0; i < 30; i++) {
        char name[60];
        snprintf(name, sizeof name, "A/one/client/other %d/a/b/f", i);
        sandbox_text(lib.folder, name, "0123456789");
    }
    int64_t replica = load_tree();
    struct sums *sums = sum_up(replica, 2), *other = sum_up(library_replica(&lib, 1, 1, "client", "other 7"), 2);

    assert_totals(sums_of(sums, "", 0), "");
    ck_assert_int_eq(sums_of(other, "", 0)->bytes, 10);
    ck_assert_int_eq(sums_of(other, "a", 1)->files, 1);
    sums_close(other);
    sums_close(sums);
}
END_TEST

START_TEST(sums_of_nothing_and_sums_cut_short)
{
    struct sums *sums = sum_up(4711, 0);

    ck_assert_ptr_null(sums_of(sums, "", 0));
    sums_close(sums);
    ck_assert_int_eq(sums_start(lib.path, load_tree(), 4, &sums, NULL), 0);
    sums_close(sums);
    sums_close(NULL);
}
END_TEST

START_TEST(what_could_not_be_read_is_counted_above_it)
{
    make_tree();
    if (!sandbox_drop_root(lib.folder))
        return;
    free(sandbox_run("chmod 0 '%s/A/one/client/project/deep/x/y'", lib.folder));
    ck_assert_int_gt(library_load(&lib, 1, 2).errors, 0);
    struct sums *sums = sum_up(library_replica(&lib, 1, 1, "client", "project"), 2);
    ck_assert_int_eq(sums_of(sums, "deep", 4)->errors, 1);
    ck_assert_int_eq(sums_of(sums, "", 0)->errors, 1);
    ck_assert_int_eq(sums_of(sums, "a", 1)->errors, 0);
    ck_assert_int_eq(sums_of(sums, "deep", 4)->files, 5);    /* those of deep/x */
    sums_close(sums);
    free(sandbox_run("chmod 755 '%s/A/one/client/project/deep/x/y'", lib.folder));
}
END_TEST

/* ---- one folder ---- */

static struct content *read_folder(int64_t replica, const char *path)
{
    struct content *c = NULL;
    struct error err = {0};

    ck_assert_msg(content_read(lib.cat, replica, path, strlen(path), &c, &err) == 1, "%s", err.message);
    return c;
}

/* The shown names, one a line. */
static char *names_of(const struct content *c)
{
    struct buf text = {0};

    for (size_t i = 0; i < c->shown_count; i++)
        buf_printf(&text, "%s\n", c->entries[c->shown[i]].name);
    buf_str(&text);
    return buf_take(&text);
}

static void assert_names(const struct content *c, char *want)
{
    char *got = names_of(c);

    ck_assert_str_eq(got, want);
    free(got);
    free(want);
}

START_TEST(orders_are_those_of_sort)
{
    int64_t replica = load_tree();
    struct sums *sums = sum_up(replica, 0);
    struct content *c = read_folder(replica, "deep/x");
    const char *list = "cd '%s/A/one/client/project/deep/x' && find . -mindepth 1 -maxdepth 1 -type f -printf '%s %%P\\n' | "
                       "sort %s | cut -d' ' -f2-";

    content_arrange(c, CONTENT_BY_NAME, "file*", 5);
    assert_names(c, sandbox_run(list, lib.folder, "%s", "-k2"));
    content_arrange(c, CONTENT_BY_SIZE, "FILE", 4);
    assert_names(c, sandbox_run(list, lib.folder, "%s", "-rn"));
    content_arrange(c, CONTENT_BY_TIME, ".", 1);
    assert_names(c, sandbox_run(list, lib.folder, "%Ts", "-rn"));
    content_arrange(c, CONTENT_BY_TIME, "nothing", 7);
    ck_assert_uint_eq(c->shown_count, 0);
    content_free(c);
    sums_close(sums);
}
END_TEST

START_TEST(folders_take_their_place_when_they_are_added_up)
{
    int64_t replica = load_tree();
    struct sums *sums = sum_up(replica, 0);
    struct content *c = read_folder(replica, "");

    content_arrange(c, CONTENT_BY_SIZE, NULL, 0);
    ck_assert(!c->summed);
    int64_t before = c->bytes;
    content_add_sums(c, "", 0, sums);
    content_arrange(c, CONTENT_BY_SIZE, NULL, 0);
    ck_assert_int_gt(c->bytes, before);
    ck_assert_int_eq(c->bytes, found_below("").bytes);
    ck_assert_int_eq(c->files, found_below("").files);
    ck_assert_int_eq(c->entries[c->shown[0]].bytes, c->largest);
    for (size_t i = 1; i < c->shown_count; i++)
        ck_assert_int_ge(c->entries[c->shown[i - 1]].bytes, c->entries[c->shown[i]].bytes);
    size_t place = content_place(c, "a b", 3);
    ck_assert_str_eq(c->entries[c->shown[place]].name, "a b");
    ck_assert_int_eq(c->entries[c->shown[place]].bytes, found_below("a b").bytes);
    ck_assert_uint_eq(content_place(c, "a c", 3), c->shown_count);
    content_arrange(c, CONTENT_BY_TIME, NULL, 0);
    ck_assert_int_eq(c->entries[c->shown[c->shown_count - 1]].newest, INT64_MIN);    /* a link, an empty folder */
    content_free(c);
    sums_close(sums);
}
END_TEST

START_TEST(a_folder_that_is_not_there_and_an_empty_one)
{
    int64_t replica = load_tree();
    struct content *c = NULL;

    ck_assert_int_eq(content_read(lib.cat, replica, "nowhere", 7, &c, NULL), 0);
    c = read_folder(replica, "empty/inner");
    ck_assert_uint_eq(c->count, 0);
    content_arrange(c, CONTENT_BY_SIZE, NULL, 0);
    ck_assert_uint_eq(c->shown_count, 0);
    content_free(c);
    content_free(NULL);
}
END_TEST

START_TEST(a_damaged_listing_is_said)
{
    int64_t replica = load_tree();
    struct content *c = NULL;
    struct error err = {0};
    struct sums *sums;

    ck_assert_int_eq(catalog_exec(lib.cat, "UPDATE directory SET listing = CAST(x'01ff' || listing AS BLOB) "
                                  "WHERE path = CAST('a' AS BLOB)", NULL), 0);
    ck_assert_int_eq(content_read(lib.cat, replica, "a", 1, &c, &err), -EBADMSG);
    ck_assert_str_eq(err.code, "ECORRUPT");
    ck_assert_int_eq(sums_start(lib.path, replica, 2, &sums, &err), 0);
    ck_assert_int_eq(sums_wait(sums, -1, &err), -EBADMSG);
    ck_assert_str_eq(err.code, "ECORRUPT");
    error_clear(&err);
    sums_close(sums);
}
END_TEST

/* ---- adding up without names ---- */

/* Numbers of all lengths, so that every way to read them is taken. */
static size_t make_entries(struct entry *entries, size_t most, char (*names)[24])
{
    static const uint32_t kinds[] = {S_IFREG | 0644, S_IFDIR | 0755, S_IFLNK | 0777, 0, 1, S_IFREG};

    for (size_t i = 0; i < most; i++) {
        snprintf(names[i], sizeof names[i], "%04zu%.*s", i, (int)(i % 17), "abcdefghijklmnopqrst");
        int shift = (int)(i * 7 % 64);
        entries[i] = (struct entry){
            .name = names[i], .name_len = (uint32_t)strlen(names[i]), .mode = kinds[i % 6],
            .size = (uint64_t)(i * 0x9e3779b97f4a7c15u) >> shift >> 2,
            .mtime = (int64_t)(i * 0xbf58476d1ce4e5b9u) >> shift,
            .ctime = (int64_t)(i << shift), .ino = i << (shift / 2), .uid = (uint32_t)i, .gid = 1,
            .nlink = i % 5 ? 1 : (uint32_t)i, .err = i % 11 ? 0 : ENOENT, .mount = i % 13 == 0,
        };
        if (S_ISLNK(entries[i].mode)) {
            entries[i].target = "where/it/points";
            entries[i].target_len = (uint32_t)(i % 16);
        }
    }
    return most;
}

START_TEST(totals_without_names_are_those_of_all_entries)
{
    static struct entry entries[500];
    static char names[500][24];
    struct buf packed = {0};
    struct totals want = {0}, got = {0};
    size_t count = make_entries(entries, 500, names);

    for (size_t i = 0; i < count; i++) {
        entries[i].size >>= 12;    /* their sum fits */
        totals_add_entry(&want, &entries[i]);
    }
    listing_encode(entries, count, &packed);
    ck_assert_int_eq(names_total(packed.data, packed.len, &got), 0);
    ck_assert_int_eq(got.files, want.files);
    ck_assert_int_eq(got.bytes, want.bytes);
    ck_assert_int_eq(got.newest, want.newest);
    ck_assert_int_eq(got.errors, want.errors);
    for (size_t len = 0; len < packed.len; len += 7)
        ck_assert_int_eq(names_total(packed.data, len, &got), -EBADMSG);
    buf_free(&packed);
}
END_TEST

Suite *suite_content(void)
{
    Suite *s = suite_create("content");
    TCase *tc = tcase_create("content");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, every_folder_has_what_find_finds_below_it, 0, 4);
    tcase_add_test(tc, a_replica_beside_others_is_told_apart);
    tcase_add_test(tc, sums_of_nothing_and_sums_cut_short);
    tcase_add_test(tc, what_could_not_be_read_is_counted_above_it);
    tcase_add_test(tc, orders_are_those_of_sort);
    tcase_add_test(tc, folders_take_their_place_when_they_are_added_up);
    tcase_add_test(tc, a_folder_that_is_not_there_and_an_empty_one);
    tcase_add_test(tc, a_damaged_listing_is_said);
    tcase_add_test(tc, totals_without_names_are_those_of_all_entries);
    suite_add_tcase(s, tc);
    return s;
}
