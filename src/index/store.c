#include "index/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "index/evidence.h"
#include "index/filesystem.h"
#include "index/renamed.h"
#include "index/staging.h"

enum { FIND, INSERT, UPDATE, DELETE, PATHS, BY_ID, NEW, CHECK, FINISH, FORGET_REFUSED, FORGET_TARGET, FORGET_SOURCE, FORGET, STATEMENTS };

/* Where a replica lies: its database, and the path below that. */
#define PLACE "(SELECT r.database, CAST(c.path || '/' || r.client || '/' || r.project AS BLOB) " \
              "FROM replica r JOIN category c ON c.id = r.category WHERE r.id = ?1)"

static const char *const sql[STATEMENTS] = {
    [FIND] = "SELECT id, listing, digests, verified FROM directory WHERE replica = ?1 AND path = ?2",
    [INSERT] = "INSERT INTO directory (replica, path, print, sum, listing, linked) VALUES (?1, ?2, ?3, ?4, ?5, ?10)",
    [UPDATE] = "UPDATE directory SET print = ?3, sum = ?4, listing = ?5, digests = ?6, verified = ?7, damaged = ?8, "
               "open = ?9, linked = ?10 WHERE id = ?1",
    [DELETE] = "DELETE FROM directory WHERE id = ?1",
    [PATHS] = "SELECT id, path FROM directory WHERE replica = ?1",
    [BY_ID] = "SELECT listing, print, path, digests FROM directory WHERE id = ?1",
    [NEW] = "INSERT OR IGNORE INTO replica (database, category, client, project, files, directories, bytes, "
            "fingerprint, errors, loaded_at, evidence) VALUES (?1, ?2, ?3, ?4, 0, 0, 0, x'', 0, 0, zeroblob(16))",
    [CHECK] = "SELECT 1 FROM replica WHERE id = ?1 AND loaded_at = ?2",
    [FINISH] = "UPDATE replica SET files = ?2, directories = ?3, bytes = ?4, newest = ?5, fingerprint = ?6, "
               "errors = ?7, loaded_at = ?8, verified_at = CASE WHEN ?9 THEN NULL ELSE verified_at END WHERE id = ?1",
    [FORGET_REFUSED] = "DELETE FROM refused WHERE (database, replica) = " PLACE,
    [FORGET_TARGET] = "DELETE FROM compared WHERE source IN (SELECT id FROM database) AND (target, replica) = " PLACE,
    [FORGET_SOURCE] = "DELETE FROM compared WHERE target IN (SELECT id FROM database) AND (source, replica) = " PLACE,
    [FORGET] = "DELETE FROM replica WHERE id = ?1",
};

struct store {
    struct catalog *cat;
    int signs;                  /* of the filesystem it lies on */
    bool fresh;                 /* the replica being written was not known: nothing to compare with */
    struct staging *staging;    /* NULL until something is put aside */
    struct evidence evidence;   /* how that of the replica being written changes */
    sqlite3_stmt *stmt[STATEMENTS];
};

void directory_update_free(struct directory_update *list)
{
    while (list) {
        struct directory_update *next = list->next;
        free(list->path);
        buf_free(&list->listing);
        free(list);
        list = next;
    }
}

void unread_free(struct unread *list)
{
    while (list) {
        struct unread *next = list->next;
        free(list->path);
        free(list);
        list = next;
    }
}

int store_open(struct catalog *cat, struct store **ret_store, struct error *err)
{
    struct store *s = mem_zalloc(sizeof *s);

    s->cat = cat;
    for (int i = 0; i < STATEMENTS; i++) {
        int code = catalog_prepare(cat, sql[i], &s->stmt[i], err);
        if (code) {
            store_close(s);
            return code;
        }
    }
    *ret_store = s;
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    staging_close(s->staging);
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(s->stmt[i]);
    free(s);
}

/* Run a statement that returns no rows and make it ready for the next time. */
static int run(struct store *s, int which, struct error *err)
{
    int step = sqlite3_step(s->stmt[which]);
    int code = step == SQLITE_DONE ? 0 : catalog_fail(s->cat, step, err);

    sqlite3_reset(s->stmt[which]);
    sqlite3_clear_bindings(s->stmt[which]);
    return code;
}

static void done(struct store *s, int which)
{
    sqlite3_reset(s->stmt[which]);
    sqlite3_clear_bindings(s->stmt[which]);
}

/* Never NULL: an empty blob is not an SQL NULL. */
static void bind_bytes(sqlite3_stmt *stmt, int at, const void *data, size_t len)
{
    sqlite3_bind_blob64(stmt, at, len ? data : "", len, SQLITE_STATIC);
}

static bool open_column(sqlite3_stmt *stmt, int column, struct listing *ret)
{
    return listing_open(ret, sqlite3_column_blob(stmt, column), (size_t)sqlite3_column_bytes(stmt, column), NULL, 0) == 0;
}

static struct packed packed_row(sqlite3_stmt *find)
{
    return (struct packed){
        .data = sqlite3_column_blob(find, 1), .len = (size_t)sqlite3_column_bytes(find, 1),
        .digests = sqlite3_column_blob(find, 2), .digests_len = (size_t)sqlite3_column_bytes(find, 2),
    };
}

/* The row that FIND stands at, with what lies beside its listing. */
static bool open_row(sqlite3_stmt *find, struct listing *ret)
{
    struct packed row = packed_row(find);

    if (listing_open(ret, row.data, row.len, row.digests, row.digests_len) < 0)
        return false;
    listing_set_times(ret, sqlite3_column_blob(find, 3), (size_t)sqlite3_column_bytes(find, 3));
    return true;
}

/* ---- directories that changed ---- */

static void add_change(struct listing_change *to, const struct listing_change *more)
{
    to->added += more->added;
    to->changed += more->changed;
    to->removed += more->removed;
    to->moved += more->moved;
}

static bool has_damage(const struct packed *row)
{
    const unsigned char *slots = row->digests;

    for (size_t at = 0; at < row->digests_len; at += DIGEST_SLOT)
        if (slots[at] & DIGEST_DAMAGED)
            return true;
    return false;
}

/* Of what was renamed within the directory. An old row that is damaged tells nothing, as for listing_diff. */
static void mark_renamed(const struct store *s, const struct directory_update *d, const struct listing_change *change,
                         struct slots *slots)
{
    struct packed old = packed_row(s->stmt[FIND]), now = {.data = d->listing.data, .len = d->listing.len};

    if (s->signs & SIGN_INODE && (change->added || has_damage(&old)))
        renamed_mark(&old, &now, slots);
    else if (!(s->signs & SIGN_INODE) && change->removed)
        renamed_guess(&old, &now, s->signs & SIGN_CTIME, slots);
}

/* Set the new listing against the old row, if there is one. *ret_id: that row's id, or 0. */
static int diff_with_row(struct store *s, int64_t replica, const struct directory_update *d, int64_t *ret_id,
                         struct listing_change *change, struct slots *slots, struct error *err)
{
    sqlite3_stmt *find = s->stmt[FIND];
    struct listing old = {0}, now = {0};
    struct listing_change own = {0};

    sqlite3_bind_int64(find, 1, replica);
    bind_bytes(find, 2, d->path, d->path_len);
    int step = sqlite3_step(find);
    if (step != SQLITE_ROW && step != SQLITE_DONE) {
        done(s, FIND);
        return catalog_fail(s->cat, step, err);
    }
    bool have_old = step == SQLITE_ROW && open_row(find, &old);
    *ret_id = step == SQLITE_ROW ? sqlite3_column_int64(find, 0) : 0;
    int code = listing_open(&now, d->listing.data, d->listing.len, NULL, 0);
    if (!code)
        code = listing_diff(have_old ? &old : NULL, &now, s->signs, &own, slots);
    if (!code && have_old)
        mark_renamed(s, d, &own, slots);
    if (!code)
        add_change(change, &own);
    if (!code)
        evidence_replace(&s->evidence, d->path, d->path_len, sqlite3_column_blob(find, 2),
                         (size_t)sqlite3_column_bytes(find, 2), slots->digests.data, slots->digests.len);
    listing_close(&old);
    listing_close(&now);
    done(s, FIND);
    return code ? error_set(err, -code, "a listing of %.*s", (int)d->path_len, d->path) : 0;
}

static void bind_slots(sqlite3_stmt *stmt, const struct slots *slots)
{
    if (slots->digests.len)
        bind_bytes(stmt, 6, slots->digests.data, slots->digests.len);
    if (slots->times.len)
        bind_bytes(stmt, 7, slots->times.data, slots->times.len);
    sqlite3_bind_int64(stmt, 8, slots_marked(slots, DIGEST_DAMAGED));
    sqlite3_bind_int64(stmt, 9, slots_marked(slots, DIGEST_OPEN));
}

static int write_directory(struct store *s, int64_t replica, const struct directory_update *d,
                           struct listing_change *change, struct error *err)
{
    struct slots slots = {0};
    int64_t id = 0;

    int code = s->fresh ? 0 : diff_with_row(s, replica, d, &id, change, &slots, err);
    if (!code) {
        int which = id ? UPDATE : INSERT;
        sqlite3_stmt *stmt = s->stmt[which];
        sqlite3_bind_int64(stmt, 1, id ? id : replica);
        if (!id)
            bind_bytes(stmt, 2, d->path, d->path_len);
        bind_bytes(stmt, 3, d->print.bytes, DIGEST_SIZE);
        sqlite3_bind_int64(stmt, 4, (int64_t)d->sum);
        bind_bytes(stmt, 5, d->listing.data, d->listing.len);
        sqlite3_bind_int64(stmt, 10, d->linked);
        if (id)
            bind_slots(stmt, &slots);
        code = run(s, which, err);
    }
    slots_free(&slots);
    return code;
}

struct staged {
    struct store *store;
    int64_t replica;
    struct listing_change *change;
    struct error *err;
};

static int write_staged(const struct directory_update *d, void *arg)
{
    struct staged *s = arg;
    return write_directory(s->store, s->replica, d, s->change, s->err);
}

int store_stage(struct store *s, int64_t key, const struct directory_update *list, struct error *err)
{
    int code = s->staging ? 0 : staging_open(s->cat, &s->staging, err);
    return code ? code : staging_add(s->staging, key, list, err);
}

static int write_directories(struct store *s, int64_t replica, const struct replica_update *u,
                             struct listing_change *change, struct error *err)
{
    struct staged staged = {.store = s, .replica = replica, .change = change, .err = err};
    int code = u->staged ? staging_take(s->staging, u->staged, write_staged, &staged, err) : 0;

    for (const struct directory_update *d = u->changed; d && !code; d = d->next)
        code = write_directory(s, replica, d, change, err);
    return code;
}

/* ---- directories that were not seen: gone, or kept since a directory above could not be read ---- */

static bool within(const struct unread *list, const char *path, size_t len)
{
    for (; list; list = list->next) {
        if (!list->path_len)
            return true;
        if (len >= list->path_len && memcmp(path, list->path, list->path_len) == 0 &&
            (len == list->path_len || path[list->path_len] == '/'))
            return true;
    }
    return false;
}

static bool is_one(const struct unread *list, const char *path, size_t len)
{
    while (list && (list->path_len != len || (len && memcmp(list->path, path, len) != 0)))    /* the top has no bytes */
        list = list->next;
    return list != NULL;
}

/* counted: that it could not be read is in the sums already. */
static int keep_row(struct store *s, int64_t id, bool counted, struct totals *totals, struct digest *fingerprint,
                    struct error *err)
{
    sqlite3_stmt *stmt = s->stmt[BY_ID];
    struct listing l = {0};
    struct entry e;
    int code = 0;

    sqlite3_bind_int64(stmt, 1, id);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW && sqlite3_column_bytes(stmt, 1) == DIGEST_SIZE) {
        digest_sum(fingerprint, sqlite3_column_blob(stmt, 1));
        if (open_column(stmt, 0, &l))
            while (listing_next(&l, &e) == 1)
                if (!counted || e.name_len || !e.err)
                    totals_add_entry(totals, &e);
        listing_close(&l);
    } else if (step != SQLITE_DONE && step != SQLITE_ROW) {
        code = catalog_fail(s->cat, step, err);
    }
    done(s, BY_ID);
    return code;
}

static int drop_row(struct store *s, int64_t id, struct listing_change *change, struct error *err)
{
    sqlite3_stmt *stmt = s->stmt[BY_ID];
    struct listing l = {0};
    struct slots none = {0};

    sqlite3_bind_int64(stmt, 1, id);
    int step = sqlite3_step(stmt);
    if (step != SQLITE_ROW && step != SQLITE_DONE) {
        done(s, BY_ID);
        return catalog_fail(s->cat, step, err);
    }
    bool found = step == SQLITE_ROW;
    if (found && open_column(stmt, 0, &l))
        listing_diff(&l, NULL, s->signs, change, &none);
    if (found)
        evidence_replace(&s->evidence, sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2),
                         sqlite3_column_blob(stmt, 3), (size_t)sqlite3_column_bytes(stmt, 3), NULL, 0);
    listing_close(&l);
    slots_free(&none);
    done(s, BY_ID);
    sqlite3_bind_int64(s->stmt[DELETE], 1, id);
    return run(s, DELETE, err);
}

struct rest {
    int64_t kept;
    struct totals totals;
    struct digest fingerprint;
};

/* One row of the replica that the walk may not have seen. */
static int judge_row(struct store *s, const struct replica_update *u, sqlite3_stmt *row, struct buf *gone,
                     struct rest *rest, struct error *err)
{
    const char *path = sqlite3_column_blob(row, 1);
    size_t len = (size_t)sqlite3_column_bytes(row, 1);
    int64_t id = sqlite3_column_int64(row, 0);

    if (known_was_seen(u->known, u->replica, path, len))
        return 0;
    if (!within(u->unread, path, len)) {
        buf_add(gone, &id, sizeof id);
        return 0;
    }
    rest->kept++;
    return keep_row(s, id, is_one(u->unread, path, len), &rest->totals, &rest->fingerprint, err);
}

static int settle_unseen(struct store *s, const struct replica_update *u, struct rest *rest,
                         struct listing_change *change, struct error *err)
{
    sqlite3_stmt *stmt = s->stmt[PATHS];
    struct buf gone = {0};
    int step, code = 0;

    sqlite3_bind_int64(stmt, 1, u->replica);
    while (!code && (step = sqlite3_step(stmt)) == SQLITE_ROW)
        code = judge_row(s, u, stmt, &gone, rest, err);
    if (!code && step != SQLITE_DONE)
        code = catalog_fail(s->cat, step, err);
    done(s, PATHS);
    for (size_t at = 0; !code && at < gone.len; at += sizeof(int64_t)) {
        int64_t id;
        memcpy(&id, gone.data + at, sizeof id);
        code = drop_row(s, id, change, err);
    }
    buf_free(&gone);
    return code;
}

/* ---- the replica ---- */

/* 1: the row is as it was when the walk began (or was made now, *ret_id); 0: another program was here. */
static int claim(struct store *s, const struct replica_update *u, int64_t *ret_id, struct error *err)
{
    int which = u->replica ? CHECK : NEW;
    sqlite3_stmt *stmt = s->stmt[which];

    if (u->replica) {
        sqlite3_bind_int64(stmt, 1, u->replica);
        sqlite3_bind_int64(stmt, 2, u->was_loaded_at);
        int step = sqlite3_step(stmt);
        done(s, CHECK);
        *ret_id = u->replica;
        return step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : catalog_fail(s->cat, step, err);
    }
    sqlite3_bind_int64(stmt, 1, u->database);
    sqlite3_bind_int64(stmt, 2, u->category);
    bind_bytes(stmt, 3, u->client, strlen(u->client));
    bind_bytes(stmt, 4, u->project, strlen(u->project));
    int code = run(s, NEW, err);
    if (code)
        return code;
    *ret_id = sqlite3_last_insert_rowid(catalog_handle(s->cat));
    return sqlite3_changes(catalog_handle(s->cat)) ? 1 : 0;
}

/* What was verified is content: with a new one the replica is not, as a whole, until that is. */
static bool has_new_content(const struct listing_change *change) { return change->added + change->changed + change->moved; }

static int finish(struct store *s, int64_t id, const struct replica_update *u, const struct rest *rest,
                  const struct listing_change *change, struct error *err)
{
    sqlite3_stmt *stmt = s->stmt[FINISH];
    struct totals totals = u->totals;
    struct digest print = u->fingerprint;

    totals_add(&totals, &rest->totals);
    digest_sum(&print, &rest->fingerprint);
    sqlite3_bind_int64(stmt, 1, id);
    sqlite3_bind_int64(stmt, 2, totals.files);
    sqlite3_bind_int64(stmt, 3, u->directories + rest->kept);
    sqlite3_bind_int64(stmt, 4, totals.bytes);
    if (totals.files)
        sqlite3_bind_int64(stmt, 5, totals.newest);
    bind_bytes(stmt, 6, print.bytes, DIGEST_SIZE);
    sqlite3_bind_int64(stmt, 7, totals.errors);
    sqlite3_bind_int64(stmt, 8, u->loaded_at);
    sqlite3_bind_int(stmt, 9, has_new_content(change));
    return run(s, FINISH, err);
}

int store_replica(struct store *s, const struct replica_update *u, struct listing_change *change, struct error *err)
{
    struct rest rest = {0};
    struct listing_change own = {0};
    int64_t id = 0;

    int code = claim(s, u, &id, err);
    if (code != 1)
        return code;
    s->fresh = !u->replica;
    s->signs = u->signs;
    s->evidence = (struct evidence){0};
    if (s->fresh)
        own.added += u->totals.files;
    /* Before new directories are written: nothing was known of those, so they count as unseen as well. */
    bool lost = u->replica && u->seen != u->was_directories;
    code = lost ? settle_unseen(s, u, &rest, &own, err) : 0;
    if (!code)
        code = write_directories(s, id, u, &own, err);
    if (!code)
        code = finish(s, id, u, &rest, &own, err);
    if (!code && !s->fresh)
        code = evidence_write(s->cat, id, &s->evidence, err);
    add_change(change, &own);
    return code ? code : 1;
}

int store_forget(struct store *s, int64_t replica, struct listing_change *change, struct error *err)
{
    /* With nothing seen and nothing unread every directory counts as gone. */
    const struct replica_update u = {.replica = replica};
    struct rest rest = {0};

    int code = settle_unseen(s, &u, &rest, change, err);
    if (code)
        return code;
    for (int each = FORGET_REFUSED; !code && each <= FORGET; each++) {
        sqlite3_bind_int64(s->stmt[each], 1, replica);
        code = run(s, each, err);
    }
    return code;
}
