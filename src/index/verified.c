#include "index/verified.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/sum.h"
#include "index/merge.h"

void ages_free(struct ages *ages)
{
    free(ages->list);
    *ages = (struct ages){0};
}

/* Where a minute is, or belongs. */
static size_t place_of(const struct ages *ages, int64_t minute)
{
    size_t low = 0, high = ages->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ages->list[middle].minute < minute)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct age *age_of(struct ages *ages, int64_t minute)
{
    size_t at = place_of(ages, minute);

    if (at < ages->count && ages->list[at].minute == minute)
        return &ages->list[at];
    if (ages->count == ages->room) {
        ages->room = ages->room ? ages->room * 2 : 16;
        ages->list = mem_realloc(ages->list, ages->room * sizeof *ages->list);
    }
    memmove(ages->list + at + 1, ages->list + at, (ages->count - at) * sizeof *ages->list);
    ages->count++;
    ages->list[at] = (struct age){.minute = minute};
    return &ages->list[at];
}

/*
 * Call each for every name of a replica; outside of a transaction a folder that another program's commit takes meanwhile is
 * passed over. 0, what each returned if that was below 0, or -errno with err.
 */
static int walk(struct catalog *cat, int64_t replica, int (*each)(void *arg, const struct merge_pair *pair), void *arg,
                struct error *err)
{
    struct merge *merge;
    struct merge_dir dir;
    struct merge_pair pair;
    int code = merge_open(cat, replica, 0, &merge, err);

    if (code)
        return code;
    while (code >= 0 && (code = merge_next_dir(merge, &dir, err)) > 0) {
        while ((code = merge_next(merge, &pair, err)) > 0 && (code = each(arg, &pair)) >= 0)
            ;
        code = merge_gone(code, err);
    }
    merge_close(merge);
    return code;
}

struct counting {
    struct ages *ages;
    int64_t before;
};

static int add_age(void *arg, const struct merge_pair *pair)
{
    struct counting *c = arg;
    const struct entry *e = pair->left;

    if (!S_ISREG(e->mode) || e->err || pair->left_verified >= c->before)
        return 0;
    struct age *age = age_of(c->ages, pair->left_verified / VERIFIED_GRAIN);
    age->files++;
    age->bytes = sum_add(age->bytes, (int64_t)e->size);
    return 0;
}

int verified_ages(struct catalog *cat, int64_t replica, int64_t before, struct ages *ret_ages, struct error *err)
{
    struct counting counting = {.ages = ret_ages, .before = before};

    *ret_ages = (struct ages){0};
    return walk(cat, replica, add_age, &counting, err);
}

#define NOT_WHOLE (-1)

static int find_oldest(void *arg, const struct merge_pair *pair)
{
    int64_t *oldest = arg;
    const struct entry *e = pair->left;

    if (e->err || e->mount)
        return NOT_WHOLE;
    if (!S_ISREG(e->mode))
        return 0;
    if (pair->left_state == DIGEST_NONE || pair->left_moved || pair->left_damaged || !pair->left_verified)
        return NOT_WHOLE;
    if (!*oldest || pair->left_verified < *oldest)
        *oldest = pair->left_verified;
    return 0;
}

static int write_time(struct catalog *cat, int64_t replica, int64_t at, struct error *err)
{
    sqlite3_stmt *stmt;

    int code = catalog_prepare(cat, "UPDATE replica SET verified_at = ?2 WHERE id = ?1", &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, replica);
    sqlite3_bind_int64(stmt, 2, at);
    int step = sqlite3_step(stmt);
    code = step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    return code;
}

static int settle(struct catalog *cat, int64_t replica, struct error *err)
{
    struct error own = {0};
    int64_t oldest = 0;
    int code = walk(cat, replica, find_oldest, &oldest, &own);

    if (code < 0 && own.message) {
        error_move(err, &own);
        return code;
    }
    return code == 0 && oldest ? write_time(cat, replica, oldest * NSEC_PER_SEC, err) : 0;
}

/* In one transaction: what a load adds in between was not verified. */
int verified_settle(struct catalog *cat, int64_t replica, struct error *err)
{
    int code = catalog_begin(cat, err);

    if (code)
        return code;
    code = settle(cat, replica, err);
    if (!code)
        code = catalog_commit(cat, err);
    if (code)
        catalog_rollback(cat);
    return code;
}
