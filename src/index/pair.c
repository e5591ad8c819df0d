#include "index/pair.h"

#include <string.h>
#include <sys/stat.h>

const char *type_name(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "symlink";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    case S_IFBLK:
    case S_IFCHR: return "device";
    default: return "unknown";
    }
}

const char *entry_kind(const struct entry *e)
{
    return e->err ? "unreadable" : e->mount ? "mount" : type_name(e->mode);
}

bool times_agree(int64_t a, int64_t b, int64_t granularity)
{
    uint64_t away = a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
    return away < (uint64_t)(granularity > 1 ? granularity : 1);
}

int pair_newer(const struct merge_pair *pair, int64_t granularity)
{
    const struct entry *l = pair->left, *r = pair->right;

    if (times_agree(l->mtime, r->mtime, granularity))
        return 0;
    return l->mtime > r->mtime ? -1 : 1;
}

static bool targets_differ(const struct entry *l, const struct entry *r)
{
    return l->target_len != r->target_len || (l->target_len && memcmp(l->target, r->target, l->target_len) != 0);
}

/* Of files whose sizes and times agree, whose digests prove nothing: is what is known of them against that? */
static bool is_doubtful(const struct merge_pair *pair)
{
    if (pair->left_state != DIGEST_NONE && pair->right_state != DIGEST_NONE)
        return memcmp(pair->left_digest.bytes, pair->right_digest.bytes, DIGEST_SIZE) != 0;
    return pair->left_renewed || pair->right_renewed;
}

static enum pair_judgement judge_files(const struct merge_pair *pair, bool same_time)
{
    if (pair->left->size != pair->right->size)
        return PAIR_SIZE;
    if (pair->left_damaged || pair->right_damaged)
        return PAIR_CONTENT;
    if (pair->left_state != DIGEST_CONFIRMED || pair->right_state != DIGEST_CONFIRMED)
        return !same_time ? PAIR_AGE : is_doubtful(pair) ? PAIR_DOUBT : PAIR_SAME;
    if (memcmp(pair->left_digest.bytes, pair->right_digest.bytes, DIGEST_SIZE) != 0)
        return PAIR_CONTENT;
    return same_time ? PAIR_SAME : PAIR_TIME;
}

static bool are_apart(const struct merge_pair *pair, int64_t granularity)
{
    enum pair_judgement judgement = pair_judge(pair, granularity);
    return (judgement == PAIR_CONTENT || judgement == PAIR_DOUBT) && pair_newer(pair, granularity) == 0;
}

bool pair_left_rules(const struct merge_pair *pair, int64_t granularity)
{
    return pair->left_accepted && !pair->left_damaged && !pair->right_accepted && are_apart(pair, granularity);
}

bool pair_right_rules(const struct merge_pair *pair, int64_t granularity)
{
    return pair->right_accepted && !pair->right_damaged && !pair->left_accepted && are_apart(pair, granularity);
}

static bool is_unread(const struct entry *e) { return e && (e->err || e->mount); }

enum pair_judgement pair_judge(const struct merge_pair *pair, int64_t granularity)
{
    const struct entry *l = pair->left, *r = pair->right;

    if (is_unread(l) || is_unread(r))
        return PAIR_UNREAD;
    if (!l || !r)
        return l ? PAIR_LEFT : PAIR_RIGHT;
    if ((l->mode & S_IFMT) != (r->mode & S_IFMT))
        return PAIR_TYPE;
    bool same_time = S_ISDIR(l->mode) || pair_newer(pair, granularity) == 0;
    if (S_ISREG(l->mode))
        return judge_files(pair, same_time);
    if (targets_differ(l, r))
        return PAIR_TARGET;
    return same_time ? PAIR_SAME : PAIR_TIME;
}
