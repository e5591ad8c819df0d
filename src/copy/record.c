#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy/manifest.h"
#include "copy/transfer.h"
#include "index/catalog.h"
#include "index/identity.h"
#include "index/verified.h"

#define CHUNK 65536    /* digests of one transaction */

/* One side of the copy. */
struct side_digests {
    int64_t replica;       /* 0: not asked for */
    struct taken *taken;
};

struct recording {
    struct catalog *cat;
    const struct record_request *request;
    struct side_digests sides[2];    /* target, source */
    size_t count;          /* on each */
    int64_t total;
    int64_t started_at;    /* of the operation: its files were read after that */
    char *renewed;         /* the path that the last "renewed" was about, or NULL */
};

static int flush_side(struct recording *rec, const struct side_digests *side, struct error *err)
{
    return side->replica ? replica_record_digests(rec->cat, side->replica, side->taken, rec->count, err) : 0;
}

static int flush(struct recording *rec, struct error *err)
{
    int code = 0;

    for (int i = 0; i < 2 && !code && rec->count; i++)
        code = flush_side(rec, &rec->sides[i], err);
    for (size_t i = 0; i < rec->count; i++)
        free(rec->sides[0].taken[i].path);    /* both have the same */
    rec->total += (int64_t)rec->count;
    rec->count = 0;
    return code;
}

/* One file of both sides. target.path is borrowed. */
static int add_pair(struct recording *rec, struct taken target, struct taken source, struct error *err)
{
    target.path = source.path = mem_strdup(target.path);
    rec->sides[0].taken[rec->count] = target;
    rec->sides[1].taken[rec->count] = source;
    return ++rec->count == CHUNK ? flush(rec, err) : 0;
}

static int add_taken(struct recording *rec, struct taken target, struct taken source, struct error *err)
{
    target.renewed = rec->renewed && strcmp(rec->renewed, target.path) == 0;
    /* To be copied a source was read from end to end; the copy was only written, unless it was read back. Where the source
       was not read, neither was made. */
    source.verified_at = rec->started_at;
    target.verified_at = rec->request->readback && source.mtime != INT64_MIN ? rec->started_at : 0;
    return add_pair(rec, target, source, err);
}

static int add(struct recording *rec, const struct manifest_record *record, struct error *err)
{
    struct taken target, source;

    if (record->verb == MANIFEST_HEAD)
        rec->started_at = strtoll(record->fields[9], NULL, 10);
    if (record->verb == MANIFEST_RENEWED) {
        free(rec->renewed);
        rec->renewed = mem_strdup(record->fields[1]);
    }
    if (manifest_kept(record, &target))    /* of the source it says nothing */
        return add_pair(rec, target, (struct taken){.kept = true, .mtime = INT64_MIN}, err);
    return manifest_taken(record, &target, &source) ? add_taken(rec, target, source, err) : 0;
}

static int read_all(struct recording *rec, struct manifest_reader *reader, struct error *err)
{
    struct manifest_record record;
    int code = 0;

    for (int i = 0; i < 2; i++)
        rec->sides[i].taken = mem_alloc(CHUNK * sizeof *rec->sides[i].taken);
    while (!code) {
        int more = manifest_next(reader, &record);
        if (more < 0)
            code = error_set(err, -more, "manifest of %s", rec->request->operation);
        if (more <= 0)
            break;
        code = add(rec, &record, err);
    }
    int last = flush(rec, code ? NULL : err);
    for (int i = 0; i < 2; i++)
        free(rec->sides[i].taken);
    free(rec->renewed);
    return code ? code : last;
}

static int record_from(const struct record_request *request, int root, int64_t *ret_count, struct error *err)
{
    struct recording rec = {.request = request, .sides = {{.replica = request->target}, {.replica = request->source}}};
    struct manifest_reader reader;
    int code = manifest_open(root, request->operation, &reader);

    if (code == -ENOENT)
        return 0;
    if (code)
        return error_set(err, -code, "manifest of %s", request->operation);
    code = catalog_open(request->catalog, &rec.cat, err);
    if (!code)
        code = read_all(&rec, &reader, err);
    if (!code && request->readback && request->target)
        code = verified_settle(rec.cat, request->target, err);
    catalog_close(rec.cat);
    manifest_reader_close(&reader);
    *ret_count = rec.total;
    return code;
}

int transfer_record(const struct record_request *request, int64_t *ret_count, struct error *err)
{
    *ret_count = 0;
    if (!request->source && !request->target)
        return 0;
    int root = identity_open(request->target_root, request->target_identity, err);
    if (root < 0)
        return root;
    int code = record_from(request, root, ret_count, err);
    close(root);
    return code;
}
