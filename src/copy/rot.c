#include "copy/rot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "copy/plan.h"
#include "copy/times.h"
#include "index/taken.h"

/* Another inode is another file, whose content was never known. What is put together from versions has those of its versions. */
static bool is_another_file(const struct item *item, const struct stat *st)
{
    const struct work *w = item->work;
    return !w->request->layers && w->source.fs.signs & SIGN_INODE && item->left.ino != st->st_ino;
}

static bool is_confirmed(const struct item *item, const struct stat *st)
{
    return !is_another_file(item, st) && item->left_state == DIGEST_CONFIRMED && item->left.size == (uint64_t)st->st_size &&
           (item->work->request->layers || item->left.mtime == mtime_of(st)) && item->left.ctime == ctime_of(st);
}

static void note(const struct item *item)
{
    struct work *w = item->work;
    struct taken taken = {
        .path = plan_join(item->twin->path, item->name), .digest = item->left_digest, .size = item->left.size,
        .mtime = item->left.mtime, .ctime = item->left.ctime, .verified_at = clock_now(), .damaged = true,
    };

    pthread_mutex_lock(&w->lock);
    buf_add(&w->rotten, &taken, sizeof taken);
    pthread_mutex_unlock(&w->lock);
}

int rot_check(const struct item *item, const struct reading *from, struct data *data, const struct digest *digest, uint64_t size)
{
    struct work *w = item->work;
    const bool is_rotten = is_confirmed(item, &from->before) && memcmp(&item->left_digest, digest, sizeof *digest) != 0;
    const bool is_another = w->request->repair && memcmp(&item->right_digest, digest, sizeof *digest) != 0;

    if (!is_rotten && !is_another)
        return 0;
    int code = reading_check(from, &w->source.fs, data, digest, size);
    if (code)
        return code;
    if (is_rotten && !w->request->layers)
        note(item);
    return -EBADMSG;
}

static struct taken *noted(const struct work *w, size_t *ret_count)
{
    *ret_count = w->rotten.len / sizeof(struct taken);
    return (struct taken *)(void *)w->rotten.data;
}

int rot_write(struct work *w, struct catalog *cat, struct error *err)
{
    size_t count;
    const struct taken *list = noted(w, &count);

    return count && w->request->source ? replica_record_digests(cat, w->request->source, list, count, err) : 0;
}

void rot_free(struct work *w)
{
    size_t count;
    struct taken *list = noted(w, &count);

    for (size_t i = 0; i < count; i++)
        free(list[i].path);
    buf_free(&w->rotten);
}
