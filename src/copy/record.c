#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "copy/manifest.h"
#include "copy/transfer.h"
#include "index/catalog.h"
#include "index/identity.h"

#define CHUNK 65536    /* digests of one transaction */

struct recording {
    struct catalog *cat;
    const struct record_request *request;
    struct taken *taken;
    size_t count;
    int64_t total;
    int64_t started_at;    /* of the operation: its files were read after that */
};

static int flush(struct recording *rec, struct error *err)
{
    int code = 0;

    if (rec->count)
        code = replica_record_digests(rec->cat, rec->request->replica, rec->taken, rec->count, err);

    for (size_t i = 0; i < rec->count; i++)
        free(rec->taken[i].path);
    rec->total += (int64_t)rec->count;
    rec->count = 0;
    return code;
}

static int add(struct recording *rec, const struct manifest_record *record, struct error *err)
{
    struct taken taken;

    if (record->verb == MANIFEST_HEAD)
        rec->started_at = strtoll(record->fields[9], NULL, 10);
    if (!manifest_taken(record, rec->request->source, &taken))
        return 0;
    taken.path = mem_strdup(taken.path);
    /* To be copied a source was read from end to end; the copy was only written, unless it was read back. */
    taken.verified_at = rec->request->source || rec->request->readback ? rec->started_at : 0;
    rec->taken[rec->count++] = taken;
    return rec->count == CHUNK ? flush(rec, err) : 0;
}

static int read_all(struct recording *rec, struct manifest_reader *reader, struct error *err)
{
    struct manifest_record record;
    int code = 0;

    rec->taken = mem_alloc(CHUNK * sizeof *rec->taken);
    while (!code) {
        int more = manifest_next(reader, &record);
        if (more < 0)
            code = error_set(err, -more, "manifest of %s", rec->request->operation);
        if (more <= 0)
            break;
        code = add(rec, &record, err);
    }
    int last = flush(rec, code ? NULL : err);
    free(rec->taken);
    return code ? code : last;
}

static int record_from(const struct record_request *request, int root, int64_t *ret_count, struct error *err)
{
    struct recording rec = {.request = request};
    struct manifest_reader reader;
    int code = manifest_open(root, request->operation, &reader);

    if (code == -ENOENT)
        return 0;
    if (code)
        return error_set(err, -code, "manifest of %s", request->operation);
    code = catalog_open(request->catalog, &rec.cat, err);
    if (!code)
        code = read_all(&rec, &reader, err);
    catalog_close(rec.cat);
    manifest_reader_close(&reader);
    *ret_count = rec.total;
    return code;
}

int transfer_record(const struct record_request *request, int64_t *ret_count, struct error *err)
{
    *ret_count = 0;
    int root = identity_open(request->target_root, request->target_identity, err);
    if (root < 0)
        return root;
    int code = record_from(request, root, ret_count, err);
    close(root);
    return code;
}
