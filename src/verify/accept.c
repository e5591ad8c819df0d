#include "verify/accept.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/sum.h"
#include "copy/journal.h"
#include "index/merge.h"
#include "index/taken.h"

/* ---- which files ---- */

static void add(struct accept_survey *s, const struct merge_pair *pair)
{
    s->files++;
    s->bytes = sum_add(s->bytes, (int64_t)pair->left->size);
    s->damaged += pair->left_damaged;
}

static int survey_dir(struct merge *merge, const struct merge_dir *dir, struct only *only, struct accept_survey *s,
                      struct error *err)
{
    enum only_extent extent = only ? only_enter(only, dir->path, dir->path_len) : ONLY_COVERED;
    struct merge_pair pair;
    int code;

    while ((code = merge_next(merge, &pair, err)) > 0) {
        const struct entry *e = pair.left;
        if (S_ISREG(e->mode) && !e->err && only_takes(only, extent, e->name, e->name_len))
            add(s, &pair);
    }
    return code;
}

int accept_survey(struct catalog *cat, int64_t replica, struct only *only, struct accept_survey *ret_survey,
                  struct error *err)
{
    struct merge *merge;
    struct merge_dir dir;
    int code = merge_open(cat, replica, 0, &merge, err);

    *ret_survey = (struct accept_survey){0};
    if (code)
        return code;
    while (code >= 0 && (code = merge_next_dir(merge, &dir, err)) > 0)
        code = survey_dir(merge, &dir, only, ret_survey, err);
    merge_close(merge);
    return code < 0 ? code : 0;
}

/* ---- what was found ---- */

bool accept_is_good(const struct check *c)
{
    return check_is_read(c) || (c->finding == FOUND_DAMAGED && !c->errnum);
}

bool accept_is_renewed(const struct check *c)
{
    return c->finding == FOUND_RENEWED || (c->finding == FOUND_DAMAGED && !c->errnum);
}

static struct taken taken_of(const struct check *c)
{
    return (struct taken){
        .path = c->path, .digest = c->found, .size = c->size, .mtime = c->mtime, .ctime = c->found_ctime,
        .young = c->young, .verified_at = c->read_at,
        .moved = c->found_ctime != c->ctime || c->found_ino != c->ino, .listed_ctime = c->ctime,
        .ino = c->found_ino,
        .accepted = true,
    };
}

/* First the others: should the second half be missing, nothing is accepted, and nothing is copied. */
static int write_all(struct catalog *cat, const struct verify_request *r, struct taken *mine, struct taken *others,
                     size_t count, struct error *err)
{
    int code = 0;

    for (size_t i = 0; i < r->peer_count && !code; i++)
        code = replica_record_digests(cat, r->peers[i].replica, others, count, err);
    return code ? code : replica_record_digests(cat, r->replica, mine, count, err);
}

int accept_record(struct catalog *cat, const struct verify_request *request, const struct check *list, struct error *err)
{
    size_t count = 0, room = 0;

    for (const struct check *c = list; c; c = c->next)
        room += accept_is_good(c);
    if (!room)
        return 0;
    struct taken *mine = mem_alloc(room * sizeof *mine), *others = mem_alloc(room * sizeof *others);
    for (const struct check *c = list; c; c = c->next) {
        if (!accept_is_good(c))
            continue;
        mine[count] = taken_of(c);
        others[count++] = (struct taken){.path = c->path, .superseded = true};
    }
    int code = write_all(cat, request, mine, others, count, err);
    free(mine);
    free(others);
    return code;
}

/* ---- the journal ---- */

int accept_begin(struct catalog *cat, const struct verify_request *request, struct error *err)
{
    struct journal j = {.cat = cat, .operation = request->operation};
    const struct journal_entry entry = {.kind = "accept", .project = request->project, .category = request->category,
                                        .source = "", .target = request->database};
    return journal_enter(&j, &entry, err);
}

int accept_end(struct catalog *cat, const struct verify_request *request, const char *state, int64_t files, int64_t bytes,
               const char *message, struct error *err)
{
    struct journal j = {.cat = cat, .operation = request->operation};
    return journal_end(&j, state, files, bytes, NULL, message, err);
}
