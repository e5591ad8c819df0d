#include "verify/doubt.h"

#include <sys/stat.h>

#include "base/sum.h"
#include "index/measured.h"
#include "index/pair.h"

static bool are_read_files(const struct merge_pair *pair)
{
    const struct entry *l = pair->left, *r = pair->right;
    return l && r && S_ISREG(l->mode) && S_ISREG(r->mode) && !l->err && !r->err;
}

int doubt_traits(struct catalog *cat, const struct verify_request *request, struct traits_pair *ret_traits,
                 struct error *err)
{
    *ret_traits = (struct traits_pair){.window = 0};
    int code = measured_times(cat, request->replica, &ret_traits->left, err);
    return code ? code : measured_times(cat, request->against, &ret_traits->right, err);
}

bool doubt_wants(const struct verify_request *request, const struct traits_pair *traits, const struct merge_pair *pair)
{
    if (!are_read_files(pair) || pair->left->size != pair->right->size)
        return false;
    if (request->alike)
        return true;
    return pair->left_state != DIGEST_CONFIRMED && pair_judge(pair, traits) == PAIR_DOUBT;
}

struct survey {
    const struct verify_request *request;
    struct traits_pair traits;
    struct only *only;
    int64_t files, bytes;
};

static int survey_dir(struct survey *s, struct merge *merge, const struct merge_dir *dir, struct error *err)
{
    enum only_extent extent = s->only ? only_enter(s->only, dir->path, dir->path_len) : ONLY_COVERED;
    struct merge_pair pair;
    int code;

    while ((code = merge_next(merge, &pair, err)) > 0) {
        if (!doubt_wants(s->request, &s->traits, &pair) ||
            !only_takes(s->only, extent, pair.left->name, pair.left->name_len))
            continue;
        s->files++;
        s->bytes = sum_add(s->bytes, (int64_t)pair.left->size);
    }
    return merge_gone(code, err);
}

int doubt_survey(struct catalog *cat, const struct verify_request *request, struct only *only, int64_t *ret_files,
                 int64_t *ret_bytes, struct error *err)
{
    struct survey survey = {.request = request, .only = only};
    struct merge *merge;
    struct merge_dir dir;

    *ret_files = *ret_bytes = 0;
    int code = doubt_traits(cat, request, &survey.traits, err);
    if (!code)
        code = merge_open(cat, request->replica, request->against, &merge, err);
    if (code)
        return code;
    while (code >= 0 && (code = merge_next_dir(merge, &dir, err)) > 0)
        if (dir.in_left && dir.in_right)
            code = survey_dir(&survey, merge, &dir, err);
    merge_close(merge);
    *ret_files = survey.files;
    *ret_bytes = survey.bytes;
    return code < 0 ? code : 0;
}
