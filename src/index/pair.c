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

static enum times compare_times(const struct merge_pair *pair, const struct traits_pair *traits)
{
    const struct entry *l = pair->left, *r = pair->right;

    return S_ISLNK(l->mode) ? traits_compare_links(traits, l->mtime, r->mtime)
                            : traits_compare(traits, l->mtime, r->mtime);
}

bool pair_is_undated(const struct merge_pair *pair, const struct traits_pair *traits)
{
    return compare_times(pair, traits) == TIMES_UNKNOWN;
}

static int order(int64_t left, int64_t right) { return left == right ? 0 : left > right ? -1 : 1; }

int pair_later(const struct merge_pair *pair, const struct traits_pair *traits)
{
    return compare_times(pair, traits) == TIMES_AGREE ? 0 : order(pair->left->mtime, pair->right->mtime);
}

static bool drops(const struct traits *t, bool is_link) { return t->drops_times || (is_link && t->drops_link_times); }

/* Where times are dropped, a file's is that of its arrival: what another disk has of a later time was changed after that. */
static int outdates(const struct merge_pair *pair, const struct traits_pair *traits)
{
    struct traits_pair kept = *traits;
    bool is_link = S_ISLNK(pair->left->mode);
    int later = order(pair->left->mtime, pair->right->mtime);
    const struct traits *of = later < 0 ? &traits->left : &traits->right, *beside = later < 0 ? &traits->right : &traits->left;

    if (drops(of, is_link) || !drops(beside, is_link))
        return 0;
    kept.left.drops_times = kept.right.drops_times = false;
    return traits_compare(&kept, pair->left->mtime, pair->right->mtime) == TIMES_DIFFER ? later : 0;
}

int pair_newer(const struct merge_pair *pair, const struct traits_pair *traits)
{
    return pair_is_undated(pair, traits) ? outdates(pair, traits) : pair_later(pair, traits);
}

bool pair_is_moved(const struct merge_pair *pair, const struct traits_pair *traits)
{
    return compare_times(pair, traits) == TIMES_DIFFER;
}

/* Links to different places, or devices of different numbers. */
static bool targets_differ(const struct entry *l, const struct entry *r)
{
    if (!S_ISLNK(l->mode) && l->size && r->size && l->size != r->size)
        return true;
    return l->target_len != r->target_len || (l->target_len && memcmp(l->target, r->target, l->target_len) != 0);
}

/* Of files whose sizes and times agree, whose digests prove nothing: is what is known of them against that? */
static bool is_doubtful(const struct merge_pair *pair)
{
    if (pair->left_moved || pair->right_moved)
        return true;
    if (pair->left_state != DIGEST_NONE && pair->right_state != DIGEST_NONE)
        return memcmp(pair->left_digest.bytes, pair->right_digest.bytes, DIGEST_SIZE) != 0;
    return pair->left_renewed || pair->right_renewed;
}

static bool are_confirmed(const struct merge_pair *pair)
{
    return pair->left_state == DIGEST_CONFIRMED && pair->right_state == DIGEST_CONFIRMED;
}

static enum pair_judgement judge_files(const struct merge_pair *pair, enum times times)
{
    if (pair->left->size != pair->right->size)
        return PAIR_SIZE;
    if (pair->left_damaged || pair->right_damaged)
        return PAIR_CONTENT;
    if (!are_confirmed(pair))
        return times == TIMES_DIFFER ? PAIR_AGE : times == TIMES_UNKNOWN || is_doubtful(pair) ? PAIR_DOUBT : PAIR_SAME;
    if (memcmp(pair->left_digest.bytes, pair->right_digest.bytes, DIGEST_SIZE) != 0)
        return PAIR_CONTENT;
    return times == TIMES_DIFFER ? PAIR_TIME : PAIR_PROVED;
}

static bool are_apart(const struct merge_pair *pair, const struct traits_pair *traits)
{
    enum pair_judgement judgement = pair_judge(pair, traits);
    return (judgement == PAIR_CONTENT || judgement == PAIR_DOUBT) && !pair_is_moved(pair, traits);
}

/* One side was written, and the other was not after that. Both have been read, so that is known. */
static bool is_later(const struct merge_pair *pair, bool written, bool other, int64_t ctime, int64_t others)
{
    return are_confirmed(pair) && written && (!other || ctime > others);
}

static bool left_is_later(const struct merge_pair *pair)
{
    return is_later(pair, pair->left_written, pair->right_written, pair->left->ctime, pair->right->ctime);
}

static bool right_is_later(const struct merge_pair *pair)
{
    return is_later(pair, pair->right_written, pair->left_written, pair->right->ctime, pair->left->ctime);
}

bool pair_left_rules(const struct merge_pair *pair, const struct traits_pair *traits)
{
    bool spoken = pair->left_accepted || pair->right_accepted;

    if (pair->left_damaged || (spoken ? !pair->left_accepted || pair->right_accepted : pair->right_damaged || !left_is_later(pair)))
        return false;
    return are_apart(pair, traits);
}

bool pair_right_rules(const struct merge_pair *pair, const struct traits_pair *traits)
{
    bool spoken = pair->left_accepted || pair->right_accepted;

    if (pair->right_damaged || (spoken ? !pair->right_accepted || pair->left_accepted : pair->left_damaged || !right_is_later(pair)))
        return false;
    return are_apart(pair, traits);
}

bool entry_is_nothing(const struct entry *e) { return e && !e->err && S_ISSOCK(e->mode); }

struct merge_pair pair_left_only(const struct merge_pair *pair)
{
    return (struct merge_pair){
        .left = pair->left, .left_digest = pair->left_digest, .left_state = pair->left_state, .left_damaged = pair->left_damaged,
        .left_accepted = pair->left_accepted, .left_renewed = pair->left_renewed, .left_written = pair->left_written,
        .left_touched = pair->left_touched, .left_moved = pair->left_moved, .left_verified = pair->left_verified,
    };
}

struct merge_pair pair_right_only(const struct merge_pair *pair)
{
    return (struct merge_pair){
        .right = pair->right, .right_digest = pair->right_digest, .right_state = pair->right_state,
        .right_damaged = pair->right_damaged, .right_accepted = pair->right_accepted, .right_renewed = pair->right_renewed,
        .right_written = pair->right_written, .right_touched = pair->right_touched, .right_moved = pair->right_moved,
        .right_verified = pair->right_verified,
    };
}

static bool is_unread(const struct entry *e) { return e && (e->err || e->mount); }

struct merge_pair pair_without_nothing(const struct merge_pair *pair)
{
    bool no_left = entry_is_nothing(pair->left), no_right = entry_is_nothing(pair->right);

    if (!pair->left || !pair->right || no_left == no_right || is_unread(pair->left) || is_unread(pair->right))
        return *pair;
    return no_left ? pair_right_only(pair) : pair_left_only(pair);
}

enum pair_judgement pair_judge(const struct merge_pair *pair, const struct traits_pair *traits)
{
    const struct entry *l = pair->left, *r = pair->right;

    if (is_unread(l) || is_unread(r))
        return PAIR_UNREAD;
    bool has_left = l && !entry_is_nothing(l), has_right = r && !entry_is_nothing(r);
    if (!has_left || !has_right)
        return has_left ? PAIR_LEFT : has_right ? PAIR_RIGHT : PAIR_NOTHING;
    if ((l->mode & S_IFMT) != (r->mode & S_IFMT))
        return PAIR_TYPE;
    enum times times = S_ISDIR(l->mode) ? TIMES_AGREE : compare_times(pair, traits);
    if (S_ISREG(l->mode))
        return judge_files(pair, times);
    if (targets_differ(l, r))
        return PAIR_TARGET;
    return times == TIMES_DIFFER ? PAIR_TIME : PAIR_SAME;
}
