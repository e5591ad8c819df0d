/* find: patterns against fnmatch(3), names against whole listings, and what is found against find(1). */
#include <check.h>
#include <errno.h>
#include <fnmatch.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/glob.h"
#include "index/find.h"
#include "index/listing.h"
#include "index/names.h"
#include "library.h"
#include "sandbox.h"
#include "suites.h"

static struct library lib;
static uint64_t seed;

static void set_up(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    library_open(&lib);
}

static void tear_down(void) { library_close(&lib); }

static unsigned roll(unsigned below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

/* ---- patterns ---- */

static bool matches(const char *pattern, const char *name, unsigned flags)
{
    struct glob *g = glob_new(pattern, strlen(pattern), flags);
    bool yes = glob_match(g, name, strlen(name));

    glob_free(g);
    return yes;
}

static void roll_text(char *text, const char *letters, unsigned most)
{
    unsigned len = roll(most + 1);

    for (unsigned i = 0; i < len; i++)
        text[i] = letters[roll((unsigned)strlen(letters))];
    text[len] = 0;
}

START_TEST(patterns_agree_with_fnmatch)
{
    static const char *const sets[] = {"[ab]", "[!ab]", "[a-b]", "[]a]", "[^b]", "[b-]", "["};
    char pattern[100], part[20], name[20];
    int yes = 0;

    seed = (uint64_t)_i + 1;
    for (int round = 0; round < 40000; round++) {
        pattern[0] = 0;
        for (unsigned parts = roll(4); parts; parts--) {
            roll_text(part, "ab*?", 4);
            strcat(strcat(pattern, part), roll(4) ? "" : sets[roll(7)]);
        }
        roll_text(name, "abc-]", 7);
        bool ours = matches(pattern, name, 0), theirs = fnmatch(pattern, name, FNM_NOESCAPE) == 0;
        ck_assert_msg(ours == theirs, "'%s' against '%s': %d", pattern, name, ours);
        yes += ours;
    }
    ck_assert_int_gt(yes, 1000);
}
END_TEST

static const struct {
    const char *pattern, *name;
    unsigned flags;
    bool yes;
} cases[] = {
    {"", "x", GLOB_WORD, true}, {"", "x", 0, false}, {"", "", 0, true}, {"b.00", "sub.001", GLOB_WORD, true},
    {"b.00", "sub.001", 0, false}, {"*.exr", "a.exr", 0, true}, {"*.exr", "a.exrs", 0, false},
    {"?", "\xc3\xbc", 0, true}, {"??", "\xc3\xbc", 0, false}, {"*??", "\xe6\xbc\xa2", 0, false},
    {"?", "\xff", 0, true},
    {"[\xc3\xa4-\xc3\xbc]", "\xc3\xb6", 0, true}, {"[!\xc3\xa4]", "\xc3\xa4", 0, false}, {"a\\*", "a\\b", 0, true},
    {"[*]", "*", 0, true}, {"[*]", "a", 0, false}, {"a[b", "a[b", 0, true}, {"a[b", "xa[bx", GLOB_WORD, true},
    {"\xc3\x84Pfel", "\xc3\xa4pFEL.mov", GLOB_WORD | GLOB_FOLD, true}, {"*.EXR", "a.exr", GLOB_FOLD, true},
    {"*.EXR", "a.exr", 0, false}, {"[A-C]x", "bX", GLOB_FOLD, true}, {"[!A-C]x", "bX", GLOB_FOLD, false},
    {"Caf\xc3\xa9", "Cafe\xcc\x81", GLOB_FORMS, true}, {"Caf\xc3\xa9", "Cafe\xcc\x81", 0, false},
    {"f\xc3\xa9", "Cafe\xcc\x81s", GLOB_WORD | GLOB_FORMS, true}, {"*e\xcc\x81.mov", "\xc3\xa9.mov", GLOB_FORMS, true},
    {"Caf?", "Cafe\xcc\x81", GLOB_FORMS, true}, {"Caf?", "Cafe\xcc\x81", 0, false}, {"Caf?", "Caf\xe9", GLOB_FORMS, true},
    {"[\xc3\xa9]", "e\xcc\x81", GLOB_FORMS, true}, {"[!\xc3\xa9]", "e\xcc\x81", GLOB_FORMS, false},
    {"caf\xc3\x89", "CAFe\xcc\x81", GLOB_FOLD | GLOB_FORMS, true}, {"caf\xc3\x89", "CAFe\xcc\x81", GLOB_FORMS, false},
    {"Caf\xe9", "Caf\xc3\xa9", GLOB_FORMS, false}, {"[\xc3\xa9]", "[\xc3\xa9]", GLOB_PLAIN | GLOB_FORMS, true},
    {"[a-c]x", "BX", GLOB_FOLD, true}, {"STRASSE", "strasse\xff", GLOB_WORD | GLOB_FOLD, true},
    {"*a*b*c*", "xxaxxbxxcxx", 0, true}, {"*a*b*c*", "xxaxxcxxbxx", 0, false}, {"a*a", "a", 0, false},
};

START_TEST(patterns_of_every_sort)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    bool yes = matches(cases[_i].pattern, cases[_i].name, cases[_i].flags);
    ck_assert_msg(yes == cases[_i].yes, "'%s' against '%s'", cases[_i].pattern, cases[_i].name);
}
END_TEST

START_TEST(texts_are_found_where_memmem_finds_them)
{
    char text[20], hay[40];
    struct needle needle;

    seed = 7;
    for (int round = 0; round < 50000; round++) {
        do
            roll_text(text, "ab0.", 5);
        while (!*text);
        roll_text(hay, "ab0.", 20);
        needle_set(&needle, text, strlen(text));
        const char *theirs = strstr(hay, text);
        ck_assert_ptr_eq(needle_find(&needle, hay, strlen(hay), 0), theirs);
        size_t end = theirs ? (size_t)(theirs - hay) + strlen(text) : strlen(hay) + 1;
        for (size_t known = 0; known < end && known <= strlen(hay); known++)
            ck_assert_ptr_eq(needle_find(&needle, hay, strlen(hay), known), theirs);
    }
}
END_TEST

/* ---- names ---- */

#define MOST 60

static int by_name(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return entry_compare_names(x->name, x->name_len, y->name, y->name_len);
}

/* Numbers of all lengths, so that every way to skip them is taken. */
static size_t make_entries(struct entry *entries, char names[MOST][300])
{
    static const uint32_t kinds[] = {S_IFREG | 0644, S_IFREG | 0644, S_IFDIR | 0755, S_IFLNK | 0777, 0, 1};
    size_t count = roll(MOST + 1);

    for (size_t i = 0; i < count; i++) {
        struct entry *e = &entries[i];
        roll_text(names[i], "abc", roll(9) ? 12 : 250);
        snprintf(names[i] + strlen(names[i]), 30, "%zu", i);
        *e = (struct entry){.name = names[i], .name_len = (uint32_t)strlen(names[i]), .mode = kinds[roll(6)]};
        e->size = (uint64_t)roll(UINT32_MAX) << roll(32) >> roll(32);
        e->mtime = (int64_t)((uint64_t)roll(UINT32_MAX) << roll(33));
        e->ctime = roll(2) ? e->mtime : -e->mtime;
        e->ino = (uint64_t)roll(UINT32_MAX) << roll(32);
        e->nlink = roll(4) ? 1 : 300;
        e->err = roll(5) ? 0 : EACCES;
        e->target = S_ISLNK(e->mode) ? "../some/target" : NULL;
        e->target_len = e->target ? roll(14) : 0;
    }
    qsort(entries, count, sizeof *entries, by_name);
    return count;
}

START_TEST(names_are_those_of_the_listing)
{
    static struct entry entries[MOST];
    static char texts[MOST][300];
    struct names n = {0};

    seed = (uint64_t)_i;
    for (int round = 0; round < 200; round++) {
        struct buf blob = {0};
        size_t count = make_entries(entries, texts);
        listing_encode(entries, count, &blob);
        buf_clear(&n.name);
        buf_add_str(&n.name, "x/");
        n.offset = 2;
        ck_assert_int_eq(names_open(&n, blob.data, blob.len), 0);
        for (size_t i = 0; i < count; i++) {
            ck_assert_int_eq(names_next(&n), 1);
            ck_assert_uint_eq(n.index, i + 1);
            ck_assert_uint_eq(n.mode, entries[i].mode);
            ck_assert_uint_eq(n.name.len, entries[i].name_len + 2);
            ck_assert_mem_eq(n.name.data + 2, entries[i].name, entries[i].name_len);
        }
        ck_assert_int_eq(names_next(&n), 0);
        blob.data[roll((unsigned)blob.len)] ^= 1;
        ck_assert_int_eq(names_open(&n, blob.data, blob.len), -EBADMSG);
        buf_free(&blob);
    }
    names_close(&n);
}
END_TEST

/* ---- the catalog ---- */

/* Frames, hostile names, links and times of their own in A/one/c/p; 40 projects with a file each in B. */
static void plant(void)
{
    free(sandbox_run(
        "cd '%s' && mkdir -p A/one/c/p B/deep/two/d && cd A/one/c/p && for d in $(seq 60); do "
        "mkdir -p \"s $d/v$((d %% 7))\" && cd \"s $d/v$((d %% 7))\" && "
        "truncate -s $((d * 3)) beauty.0998.exr beauty.0999.exr beauty.1000.exr beauty.1001.exr && "
        "touch -d \"@$((1000000000 + d * 1000)).123456789\" beauty.* && cd ../..; done && "
        "ln -s beauty.0998.exr 's 1/link.exr' && mkfifo 's 1/fifo' && "
        "touch '[v2].MOV' 'a\nb.mov' \"$(printf '\\377.mov')\" 'ü.Mov' 'Ü.mov' 'x*y' && cd ../../../../B/deep/two/d && "
        "mkdir $(seq -f p%%.0f 40) && touch $(seq -f p%%.0f/beauty.0999.exr 40)", lib.folder));
    library_load(&lib, 1, 2);
    library_load(&lib, 2, 2);
}

static struct find_request any(const char *pattern, unsigned flags)
{
    return (struct find_request){
        .filter = {.pattern = pattern, .pattern_len = pattern ? strlen(pattern) : 0, .pattern_flags = flags,
                   .larger = -1, .newer = INT64_MIN, .older = INT64_MAX}};
}

/* Everything found, as "PATH SIZE MTIME" ended by NULs, into the library's file `ours`. */
static long run(const struct find_request *request)
{
    char path[400];
    const struct found *e;
    struct error err = {0};
    struct find *find;
    long count = 0;
    int code;

    ck_assert_msg(find_start(lib.path, request, &find, &err) == 0, "%s", err.message);
    snprintf(path, sizeof path, "%s/ours", lib.folder);
    FILE *f = fopen(path, "w");
    while ((code = find_next(find, -1, &e, &err)) == 1) {
        ck_assert_uint_eq(strlen(e->path), e->path_len);
        fprintf(f, "%s %llu %lld%c", e->path, (unsigned long long)e->size, (long long)e->mtime, 0);
        count++;
    }
    ck_assert_msg(code == 0, "%s", err.message);
    ck_assert_int_eq(find_next(find, -1, &e, &err), 0);
    fclose(f);
    find_close(find);
    return count;
}

/*
 * What find(1) finds with these tests in these folders, into the library's file `theirs`; sizes are those of files. A test
 * of a whole path wants to begin in its folder, one of a name not, which saves many processes.
 */
static void find_theirs(const char *folders, const char *tests)
{
    const char *each = strstr(tests, "path ") ? "for d in %s; do ( cd $d && find ." : "( ( find %s";
    char begin[200];

    snprintf(begin, sizeof begin, each, folders);
    free(sandbox_run("cd '%s' && export LC_ALL=C.UTF-8 && %s -mindepth 1 \\( %s \\) "
                     "\\( -type f -printf '%%P %%s %%T@\\0' -o -printf '%%P 0 %%T@\\0' \\) ); %s | "
                     "sed -z 's/\\.\\([0-9]*\\)$/\\1/; s/\\([0-9]\\{19\\}\\)0$/\\1/' | LC_ALL=C sort -z >theirs",
                     lib.folder, begin, tests, *each == 'f' ? "done" : ")"));
}

static void assert_as_theirs(void)
{
    free(sandbox_run("cd '%s' && LC_ALL=C sort -z ours | cmp - theirs", lib.folder));
}

static void assert_as_find(const char *folders, const char *tests)
{
    find_theirs(folders, tests);
    assert_as_theirs();
}

#define A_P "A/one/c/p"
#define B_ALL "$(seq -f B/deep/two/d/p%.0f 40)"

static const struct {
    const char *pattern, *tests;
    unsigned flags;
    bool whole_path;
} searches[] = {
    {NULL, "-true", 0, false}, {"*", "-true", 0, false},
    {"beauty.0999", "-name '*beauty.0999*'", GLOB_WORD, false}, {"eauty.1", "-name '*eauty.1*'", GLOB_WORD, false},
    {"*.exr", "-name '*.exr'", GLOB_WORD, false},
    {"b*9?.exr", "-name 'b*9?.exr'", 0, false}, {"[v2].MOV", "-name '[v2].MOV' -o -name '\\[v2\\].MOV'", 0, false},
    {"[V2]", "-name '[V2]' -o -iname '*\\[V2\\]*'", GLOB_WORD | GLOB_FOLD, false},
    {"[[]v2].MOV", "-name '[[]v2].MOV'", 0, false}, {"?.mov", "-name '?.mov'", 0, false},
    {"s *", "-name 's *'", 0, false},
    {".MOV", "-iname '*.mov*'", GLOB_WORD | GLOB_FOLD, false}, {"ü.mov", "-iname 'ü.mov'", GLOB_FOLD, false},
    {"nothing", "-name nothing", GLOB_WORD, false}, {"x[*]y", "-name 'x[*]y'", 0, false},
    {"s 1?/v*/*.1000.exr", "-path './s 1?/v*/*.1000.exr'", 0, true}, {"v3/b", "-path '*v3/b*'", GLOB_WORD, true},
    {"1/", "-path '*1/*'", GLOB_WORD, true}, {"s 2*", "-path './s 2*'", 0, true},
    {"/V3/BEAUTY", "-ipath '*?/V3/BEAUTY*'", GLOB_WORD | GLOB_FOLD, true},
};

static const int threads[] = {1, 2, 8};

START_TEST(names_are_found_as_find_finds_them)
{
    plant();
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
        find_theirs(A_P " " B_ALL, searches[i].tests);
        for (int sorted = 0; sorted < 2; sorted++) {
            struct find_request request = any(searches[i].pattern, searches[i].flags);
            request.filter.whole_path = searches[i].whole_path;
            request.sorted = sorted;
            request.threads = threads[_i];
            run(&request);
            assert_as_theirs();
        }
    }
}
END_TEST

START_TEST(kinds_sizes_and_times)
{
    struct find_request r = any("*", 0);

    plant();
    r.filter.kind = S_IFDIR;
    run(&r);
    assert_as_find(A_P " " B_ALL, "-type d");
    r.filter.kind = S_IFLNK;
    ck_assert_int_eq(run(&r), 1);
    assert_as_find(A_P, "-type l");
    r.filter.kind = S_IFREG;
    r.filter.larger = 90;
    ck_assert_int_eq(run(&r), 4 * 30);
    assert_as_find(A_P, "-type f -size +90c");
    r.filter.newer = 1000040000 * 1000000000LL;
    run(&r);
    assert_as_find(A_P, "-type f -size +90c -newermt @1000040000");
    r.filter.older = 1000050000 * 1000000000LL;
    ck_assert_int_eq(run(&r), 4 * 10);
    assert_as_find(A_P, "-type f -size +90c -newermt @1000040000 ! -newermt @1000050000");
    r = any(NULL, 0);    /* without a pattern entries are read another way */
    r.filter.older = 1000050000 * 1000000000LL;
    ck_assert_int_eq(run(&r), 4 * 49);
}
END_TEST

/* Few directories are gone to one by one, many are read in passing: the same is found. */
START_TEST(only_some_replicas)
{
    int64_t one = 0, ids[42], count = 0;
    char name[20];

    plant();
    struct find_request r = any("0999", GLOB_WORD);
    r.filter.replicas = ids;
    ck_assert_int_eq(run(&r), 0);
    for (int p = 40; p > 0; p--) {
        snprintf(name, sizeof name, "p%d", p);
        ids[count++] = library_replica(&lib, 2, 2, "d", name);
    }
    one = ids[7];
    r.filter.replica_count = 40;
    ck_assert_int_eq(run(&r), 40);
    assert_as_find(B_ALL, "-name '*0999*'");
    ids[0] = one;
    r.filter.replica_count = 1;
    ck_assert_int_eq(run(&r), 1);
    assert_as_find("B/deep/two/d/p33", "-name '*0999*'");
    ids[0] = library_replica(&lib, 1, 1, "c", "p");
    ck_assert_int_eq(run(&r), 60);
    assert_as_find(A_P, "-name '*0999*'");
}
END_TEST

START_TEST(sorted_by_replica_and_path)
{
    struct find_request r = any("beauty", GLOB_WORD);
    const struct found *e;
    struct error err = {0};
    struct find *find;
    char before[300] = "";
    int64_t replica = 0;

    plant();
    r.sorted = true;
    r.threads = 2;
    ck_assert_int_eq(find_start(lib.path, &r, &find, &err), 0);
    while (find_next(find, -1, &e, &err) == 1) {
        bool behind = e->replica > replica || (e->replica == replica && strcmp(e->path, before) > 0);
        ck_assert_msg(behind, "%s after %s", e->path, before);
        replica = e->replica;
        snprintf(before, sizeof before, "%s", e->path);
    }
    ck_assert_int_gt(replica, 1);
    find_close(find);
}
END_TEST

START_TEST(a_limit_and_an_early_end)
{
    struct find_request r = any("exr", GLOB_WORD);
    const struct found *e;
    struct error err = {0};
    struct find *find;
    int code;

    plant();
    for (int sorted = 0; sorted < 2; sorted++) {
        r.sorted = sorted;
        r.limit = 7;
        ck_assert_int_eq(run(&r), 7);
        r.limit = 1000;
        ck_assert_int_eq(run(&r), 281);
        ck_assert_int_eq(find_start(lib.path, &r, &find, &err), 0);
        find_close(find);    /* nobody asked for anything */
        ck_assert_int_eq(find_start(lib.path, &r, &find, &err), 0);
        while ((code = find_next(find, 0, &e, &err)) == -EAGAIN)
            ;
        ck_assert_int_eq(code, 1);
        find_close(find);
    }
}
END_TEST

START_TEST(an_empty_catalog_and_one_that_is_none)
{
    struct find_request r = any("x", GLOB_WORD);
    struct error err = {0};
    struct find *find = NULL;

    ck_assert_int_eq(run(&r), 0);
    sandbox_text(lib.folder, "none", "this is no catalog, and long enough to be told from an empty one: it is not");
    char path[400];
    snprintf(path, sizeof path, "%s/none", lib.folder);
    ck_assert_int_lt(find_start(path, &r, &find, &err), 0);
    ck_assert_str_eq(err.code, "ECORRUPT");
    error_clear(&err);
}
END_TEST

START_TEST(a_damaged_listing_is_said_and_the_rest_is_found)
{
    struct find_request r = any(_i ? "beauty" : NULL, GLOB_WORD);
    const struct found *e;
    struct error err = {0};
    struct find *find;
    int code, damaged = 0, found = 0;

    plant();
    r.sorted = true;
    catalog_exec(lib.cat, "UPDATE directory SET listing = x'00' WHERE path = CAST('s 7' AS BLOB)", NULL);
    ck_assert_int_eq(find_start(lib.path, &r, &find, &err), 0);
    while ((code = find_next(find, -1, &e, &err)) == 1) {
        damaged += e->damaged;
        found += !e->damaged;
    }
    ck_assert_int_eq(code, 0);
    ck_assert_int_eq(damaged, 1);
    ck_assert_int_gt(found, 0);
    find_close(find);
}
END_TEST

Suite *suite_find(void)
{
    Suite *s = suite_create("find");
    TCase *plain = tcase_create("patterns"), *t = tcase_create("catalog");

    tcase_set_timeout(plain, 60);
    tcase_add_loop_test(plain, patterns_agree_with_fnmatch, 0, 4);
    tcase_add_loop_test(plain, patterns_of_every_sort, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_test(plain, texts_are_found_where_memmem_finds_them);
    tcase_add_loop_test(plain, names_are_those_of_the_listing, 0, 4);
    suite_add_tcase(s, plain);
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, names_are_found_as_find_finds_them, 0, 3);
    tcase_add_test(t, kinds_sizes_and_times);
    tcase_add_test(t, only_some_replicas);
    tcase_add_test(t, sorted_by_replica_and_path);
    tcase_add_test(t, a_limit_and_an_early_end);
    tcase_add_test(t, an_empty_catalog_and_one_that_is_none);
    tcase_add_loop_test(t, a_damaged_listing_is_said_and_the_rest_is_found, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
