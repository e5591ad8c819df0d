#include "index/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "index/forms.h"
#include "index/opening.h"
#include "index/schema.h"

#define BUSY_WAIT_MS 10000
#define RESTING_MAX 3

struct kept {
    const char *sql;
    sqlite3_stmt *stmt;
};

struct catalog {
    sqlite3 *db;
    char *path;
    bool readonly, own;
    struct kept *kept;        /* some dozen at the most: the constants of the engine */
    size_t kept_count;
    int (*check)(struct catalog *cat, void *arg, struct error *err);    /* in each transaction; or NULL */
    void *check_arg;
};

const char *catalog_path(const struct catalog *cat) { return cat->path; }
sqlite3 *catalog_handle(struct catalog *cat) { return cat->db; }
bool catalog_is_readonly(const struct catalog *cat) { return cat->readonly; }

static int damaged(struct catalog *cat, const char *what, struct error *err)
{
    return error_say(err, "ECORRUPT", EBADMSG,
                     "the catalog %s is damaged (%s); move it away, add the databases and categories again and "
                     "load them: nothing on the disks depends on it",
                     cat->path, what);
}

int catalog_fail(struct catalog *cat, int sqlite_code, struct error *err)
{
    const char *what = cat->db ? sqlite3_errmsg(cat->db) : sqlite3_errstr(sqlite_code);

    switch (sqlite_code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return damaged(cat, what, err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_say(err, "EBUSY", EBUSY, "the catalog %s is in use by another autobackup; try again", cat->path);
    case SQLITE_IOERR:
        if (!cat->db || sqlite3_system_errno(cat->db) != ENOSPC)
            return error_say(err, "ECATALOG", EIO, "the catalog %s: %s", cat->path, what);
        /* fallthrough */
    case SQLITE_FULL:
        return error_say(err, "ENOSPC", ENOSPC, "no space left to write the catalog %s; free some and run it again",
                         cat->path);
    case SQLITE_READONLY:
        if (sqlite_code == SQLITE_READONLY_RECOVERY)
            return error_say(err, "EROFS", EROFS, "the catalog %s can only be read here, and a program that wrote to it did "
                             "not come to its end: run autobackup once as somebody who may write it", cat->path);
        return error_say(err, "EROFS", EROFS, "the catalog %s cannot be written: what it knows can be looked at, not "
                         "changed; make it writable, or choose another with --catalog", cat->path);
    case SQLITE_CANTOPEN:
        return error_say(err, "ECATALOG", EACCES, "the catalog %s cannot be opened (%s); choose another with --catalog",
                         cat->path, what);
    case SQLITE_NOMEM:
        return error_set(err, ENOMEM, "%s", cat->path);
    default:
        return error_say(err, "ECATALOG", EIO, "the catalog %s: %s", cat->path, what);
    }
}

int catalog_exec(struct catalog *cat, const char *sql, struct error *err)
{
    int code = sqlite3_exec(cat->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : catalog_fail(cat, code, err);
}

int catalog_prepare(struct catalog *cat, const char *sql, sqlite3_stmt **ret_stmt, struct error *err)
{
    int code = sqlite3_prepare_v2(cat->db, sql, -1, ret_stmt, NULL);
    return code == SQLITE_OK ? 0 : catalog_fail(cat, code, err);
}

int catalog_borrow(struct catalog *cat, const char *sql, sqlite3_stmt **ret_stmt, struct error *err)
{
    size_t at = 0;

    while (at < cat->kept_count && cat->kept[at].sql != sql)
        at++;
    if (at == cat->kept_count) {
        sqlite3_stmt *stmt;
        int code = catalog_prepare(cat, sql, &stmt, err);
        if (code)
            return code;
        cat->kept = mem_realloc(cat->kept, (at + 1) * sizeof *cat->kept);
        cat->kept[cat->kept_count++] = (struct kept){.sql = sql, .stmt = stmt};
    }
    *ret_stmt = cat->kept[at].stmt;
    return 0;
}

void catalog_give_back(sqlite3_stmt *stmt)
{
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

int catalog_ask(struct catalog *cat, const char *sql, int64_t id, void (*row)(sqlite3_stmt *stmt, void *arg), void *arg,
                struct error *err)
{
    sqlite3_stmt *stmt;

    int code = catalog_borrow(cat, sql, &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, id);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        row(stmt, arg);
    code = step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    catalog_give_back(stmt);
    return code;
}

void catalog_rest_on(struct catalog *cat, int (*check)(struct catalog *, void *, struct error *), void *arg)
{
    cat->check = check;
    cat->check_arg = arg;
}

int catalog_begin(struct catalog *cat, struct error *err)
{
    int code = catalog_exec(cat, "BEGIN IMMEDIATE", err);

    if (!code && cat->check && (code = cat->check(cat, cat->check_arg, err)))
        catalog_rollback(cat);
    return code;
}

int catalog_commit(struct catalog *cat, struct error *err) { return catalog_exec(cat, "COMMIT", err); }

void catalog_rollback(struct catalog *cat)
{
    if (!sqlite3_get_autocommit(cat->db))
        sqlite3_exec(cat->db, "ROLLBACK", NULL, NULL, NULL);
}

/* Make the folders above a file, 0700 each: what a project is called is nobody else's business. */
static int make_folders(const char *path, struct error *err)
{
    char *copy = mem_strdup(path);
    int code = 0;

    for (char *slash = strchr(copy + 1, '/'); *copy && slash && !code; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(copy, 0700) < 0 && errno != EEXIST) {
            int errnum = errno;
            struct stat st;
            if (stat(copy, &st) < 0)
                code = error_set(err, errnum, "%s", copy);
        }
        *slash = '/';
    }
    free(copy);
    return code;
}

/*
 * A row of one directory is some kilobytes: larger pages waste less. WAL lets a load write while a query reads;
 * where the filesystem cannot (NFS), SQLite stays with its rollback journal and tells so by the mode it returns.
 */
static const char for_writing[] = "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
static const char for_all[] = "PRAGMA foreign_keys = ON; PRAGMA cache_size = -4096;";

static void configure(sqlite3 *db)
{
    sqlite3_busy_timeout(db, BUSY_WAIT_MS);
    sqlite3_extended_result_codes(db, 1);
    /* The catalog is data from a disk: it runs no code of its own in triggers or views. */
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

/* An SQLite result code. */
static int open_writable(struct catalog *cat)
{
    int code = sqlite3_open_v2(cat->path, &cat->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

    if (code != SQLITE_OK)
        return code;
    configure(cat->db);
    forms_register(cat->db);
    return sqlite3_db_readonly(cat->db, "main") == 1 ? SQLITE_READONLY : sqlite3_exec(cat->db, for_writing, NULL, NULL, NULL);
}

/* For writing, or where that cannot be had for reading: another user's, on a read-only disk, in a folder of others. */
static int open_file(struct catalog *cat, struct error *err)
{
    int code = open_writable(cat), kind = code & 0xff;

    if ((kind == SQLITE_READONLY || kind == SQLITE_CANTOPEN || kind == SQLITE_PERM) && access(cat->path, R_OK) == 0) {
        sqlite3_close_v2(cat->db);
        cat->readonly = true;
        code = opening_readonly(cat->path, &cat->db);
        configure(cat->db);
        forms_register(cat->db);
    }
    return code == SQLITE_OK ? catalog_exec(cat, for_all, err) : catalog_fail(cat, code, err);
}

/*
 * SQLite gives a new file, and the files beside it, the mode of the first one: make that one private. Only a
 * missing file is touched; closing an existing one would drop SQLite's locks on it.
 */
static void make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        close(fd);
}

/*
 * SQLite would take room for twenty pages at once for each connection and each table that a query needs for itself, which
 * uses one or two: as many page faults as all else that a short command does.
 */
static void save_room(void) { sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0); }

/* ---- connections at rest: to read the schema anew costs more than most that is asked ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct catalog *resting[RESTING_MAX];

static void end(struct catalog *cat)
{
    for (size_t i = 0; i < cat->kept_count; i++)
        sqlite3_finalize(cat->kept[i].stmt);
    free(cat->kept);
    sqlite3_close_v2(cat->db);
    free(cat->path);
    free(cat);
}

/* Was nothing left open, and nothing set, that the next one would meet? */
static bool may_rest(const struct catalog *cat)
{
    size_t statements = 0;

    if (cat->own || cat->readonly || !sqlite3_get_autocommit(cat->db))
        return false;
    for (sqlite3_stmt *stmt = sqlite3_next_stmt(cat->db, NULL); stmt; stmt = sqlite3_next_stmt(cat->db, stmt), statements++)
        if (sqlite3_stmt_busy(stmt))
            return false;
    return statements == cat->kept_count;
}

/* Puts cat, or NULL, where one rests, and takes what lay there. path: of the one that is wanted; NULL: a free place. */
static struct catalog *exchange(const char *path, struct catalog *cat)
{
    struct catalog *found = cat;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < RESTING_MAX; i++)
        if (path ? resting[i] && strcmp(resting[i]->path, path) == 0 : !resting[i]) {
            found = resting[i];
            resting[i] = cat;
            break;
        }
    pthread_mutex_unlock(&lock);
    return found;
}

void catalog_release(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < RESTING_MAX; i++) {
        if (resting[i])
            end(resting[i]);
        resting[i] = NULL;
    }
    pthread_mutex_unlock(&lock);
}

static void release_at_exit(void) { atexit(catalog_release); }

static struct catalog *wake(const char *path)
{
    struct catalog *cat = exchange(path, NULL);
    int moved = 1;

    if (cat && sqlite3_file_control(cat->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && !moved &&
        schema_migrate(cat, NULL) == 0)
        return cat;
    if (cat)
        end(cat);
    return NULL;
}

void catalog_own(struct catalog *cat) { cat->own = true; }

int catalog_open(const char *path, struct catalog **ret_catalog, struct error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, save_room);
    if ((*ret_catalog = wake(path)))
        return 0;
    int code = make_folders(path, err);
    if (code)
        return code;
    struct catalog *cat = mem_zalloc(sizeof *cat);
    cat->path = mem_strdup(path);
    int turn = opening_turn(path);
    make_private(path);
    code = open_file(cat, err);
    if (!code)
        code = schema_migrate(cat, err);
    if (turn >= 0)
        close(turn);
    if (code) {
        catalog_close(cat);
        return code;
    }
    *ret_catalog = cat;
    return 0;
}

void catalog_close(struct catalog *cat)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (!cat)
        return;
    catalog_rest_on(cat, NULL, NULL);
    if (may_rest(cat)) {
        pthread_once(&once, release_at_exit);
        cat = exchange(NULL, cat);
    }
    if (cat)
        end(cat);
}

int catalog_check(struct catalog *cat, struct error *err)
{
    sqlite3_stmt *stmt;

    int code = catalog_prepare(cat, "PRAGMA quick_check(1)", &stmt, err);
    if (code)
        return code;
    int step = sqlite3_step(stmt);
    if (step != SQLITE_ROW)
        code = catalog_fail(cat, step, err);
    else if (strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") != 0)
        code = damaged(cat, (const char *)sqlite3_column_text(stmt, 0), err);
    sqlite3_finalize(stmt);
    return code;
}

static bool look_at_file(const char *catalog_path, const char *ending, struct stat *ret_st)
{
    struct buf name = {0};

    buf_printf(&name, "%s%s", catalog_path, ending);
    bool found = stat(buf_str(&name), ret_st) == 0;
    buf_free(&name);
    return found;
}

void catalog_find_files(const char *catalog_path, struct catalog_files *ret_files)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    struct stat st;

    *ret_files = (struct catalog_files){.path = catalog_path, .all = true};
    for (int i = 0; i < 3; i++) {
        bool found = look_at_file(catalog_path, endings[i], &st);
        ret_files->all &= found;
        if (found) {
            ret_files->dev = st.st_dev;
            ret_files->inodes[i] = st.st_ino;
        }
    }
}

bool catalog_owns(const struct catalog_files *files, uint64_t dev, uint64_t ino)
{
    struct stat st;

    if (dev != files->dev || !files->dev)
        return false;
    for (int i = 0; i < 3; i++)
        if (files->inodes[i] == ino)
            return true;
    return !files->all && look_at_file(files->path, "-journal", &st) && st.st_ino == ino;
}
