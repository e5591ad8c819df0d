#include "copy/item.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "copy/work.h"

static size_t strings_size(const struct entry *e) { return e ? e->name_len + e->target_len + 2 : 0; }

/* Copy an entry, its strings to `at`, which is returned moved on. */
static char *copy_entry(struct entry *to, const struct entry *from, char *at)
{
    if (!from)
        return at;
    *to = *from;
    to->size = entry_bytes(from);
    memcpy(at, from->name, from->name_len + 1);
    to->name = at;
    at += from->name_len + 1;
    if (from->target) {
        memcpy(at, from->target, from->target_len);
        at[from->target_len] = 0;
        to->target = at;
        at += from->target_len + 1;
    }
    return at;
}

struct item *item_new(struct work *work, struct twin *twin, enum verdict_kind kind, const struct merge_pair *pair)
{
    struct item *item = mem_zalloc(sizeof *item + strings_size(pair->left) + strings_size(pair->right));
    char *at = copy_entry(&item->left, pair->left, (char *)(item + 1));

    copy_entry(&item->right, pair->right, at);
    item->work = work;
    item->twin = twin_ref(twin);
    item->kind = kind;
    item->name = pair->left ? item->left.name : item->right.name;
    item->left_digest = pair->left_digest;
    item->left_state = pair->left ? pair->left_state : DIGEST_NONE;
    item->right_digest = pair->right_digest;
    item->right_state = pair->right && !pair->right_damaged ? pair->right_state : DIGEST_NONE;
    item->left_renewed = pair->left_renewed || pair->left_moved;
    item->right_moved = pair->right_moved;
    return item;
}

struct subject item_subject(const struct item *item)
{
    return (struct subject){.dir = item->twin->path, .name = item->name, .file = S_ISREG(item->left.mode),
                            .unchanged = item->kind == VERDICT_METADATA, .missing = item->kind == VERDICT_NEW ? item->left.mode : 0, .at_target = !item->left.name};
}

void item_free(struct item *item)
{
    twin_unref(item->twin);
    free(item);
}

void items_init(struct items *list) { *list = (struct items){.last = &list->first}; }

void items_add(struct items *list, struct item *item)
{
    item->next = NULL;
    *list->last = item;
    list->last = &item->next;
    list->count++;
    list->bytes += item->temp[0] ? item->fresh.size : 0;
}

void items_move(struct items *to, struct items *from)
{
    if (!from->first)
        return;
    *to->last = from->first;
    to->last = from->last;
    to->count += from->count;
    to->bytes += from->bytes;
    items_init(from);
}

/*
 * A large file that was finished and has no name yet when all is cancelled: the next copy finds it whole. Not when the
 * destination failed: then nobody knows what of it is on the disk.
 */
static bool keeps_temp(const struct item *item)
{
    const struct work *w = item->work;
    return temp_is_partial(item->temp) && w->cancel && atomic_load(w->cancel) && !atomic_load(&w->stop);
}

void item_drop_temp(struct item *item)
{
    if (!item->temp[0])
        return;
    if (keeps_temp(item)) {
        atomic_store(&item->work->partial, true);
        item->temp[0] = 0;
        return;
    }
    int dir = twin_target(item->twin);
    if (dir < 0)
        return;
    temp_remove(dir, item->temp, &item->work->left);
    twin_target_done(item->twin);
}

void items_discard(struct items *list)
{
    struct item *next;

    for (struct item *item = list->first; item; item = next) {
        next = item->next;
        item_drop_temp(item);
        item_free(item);
    }
    items_init(list);
}
