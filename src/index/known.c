#include "index/known.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"
#include "index/roster.h"

struct slot {
    uint64_t key;           /* 0 is free */
    uint64_t sum;
};

struct known {
    struct slot *slots;     /* open addressing, linear probing */
    atomic_uchar *seen;
    size_t mask, count;
};

static uint64_t key_of(int64_t replica, const char *path, size_t path_len)
{
    uint64_t key = hash64_of(path, path_len) ^ ((uint64_t)replica * 0x9e3779b97f4a7c15u);
    return key ? key : 1;
}

static size_t place_of(const struct known *k, uint64_t key)
{
    size_t at = key & k->mask;

    while (k->slots[at].key && k->slots[at].key != key)
        at = (at + 1) & k->mask;
    return at;
}

static void grow(struct known *k)
{
    struct slot *old = k->slots;
    size_t old_size = old ? k->mask + 1 : 0, size = old_size ? old_size * 2 : 1024;

    k->slots = mem_zalloc(size * sizeof *k->slots);
    k->mask = size - 1;
    for (size_t i = 0; i < old_size; i++)
        if (old[i].key)
            k->slots[place_of(k, old[i].key)] = old[i];
    free(old);
}

static void add(struct known *k, uint64_t key, uint64_t sum)
{
    if (!k->slots || k->count * 4 >= (k->mask + 1) * 3)
        grow(k);
    size_t at = place_of(k, key);
    /* Two paths of one key: let neither ever look unchanged. The next reading writes both again. */
    if (k->slots[at].key)
        sum = ~sum ^ k->slots[at].sum;
    else
        k->count++;
    k->slots[at] = (struct slot){key, sum};
}

static int read_replica(struct catalog *cat, sqlite3_stmt *stmt, int64_t replica, struct known *k, struct error *err)
{
    int step;

    sqlite3_bind_int64(stmt, 1, replica);
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *path = sqlite3_column_blob(stmt, 0);
        size_t len = (size_t)sqlite3_column_bytes(stmt, 0);
        add(k, key_of(replica, path, len), (uint64_t)sqlite3_column_int64(stmt, 1));
    }
    sqlite3_reset(stmt);
    return step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
}

int known_read(struct catalog *cat, const struct roster *roster, struct known **ret_known, struct error *err)
{
    sqlite3_stmt *stmt;

    int code = catalog_prepare(cat, "SELECT path, sum FROM directory WHERE replica = ?1", &stmt, err);
    if (code)
        return code;
    struct known *k = mem_zalloc(sizeof *k);
    grow(k);
    for (size_t i = 0; i < roster->replica_count && !code; i++)
        code = read_replica(cat, stmt, roster->replicas[i].id, k, err);
    sqlite3_finalize(stmt);
    if (code) {
        known_free(k);
        return code;
    }
    k->seen = mem_zalloc((k->mask + 1) * sizeof *k->seen);
    *ret_known = k;
    return 0;
}

void known_free(struct known *k)
{
    if (!k)
        return;
    free(k->slots);
    free((void *)k->seen);
    free(k);
}

enum known_answer known_see(struct known *k, int64_t replica, const char *path, size_t path_len, uint64_t sum)
{
    size_t at = place_of(k, key_of(replica, path, path_len));

    if (!k->slots[at].key)
        return KNOWN_NOT;
    atomic_store_explicit(&k->seen[at], 1, memory_order_relaxed);
    return k->slots[at].sum == sum ? KNOWN_SAME : KNOWN_CHANGED;
}

bool known_has(const struct known *k, int64_t replica, const char *path, size_t path_len)
{
    return k->slots[place_of(k, key_of(replica, path, path_len))].key != 0;
}

bool known_was_seen(const struct known *k, int64_t replica, const char *path, size_t path_len)
{
    return k && atomic_load_explicit(&k->seen[place_of(k, key_of(replica, path, path_len))], memory_order_relaxed);
}
