/*
 * Does one of the two lie in the other? A root that is a second mount of a folder in the replica (a bind mount) shows in no path,
 * only in the folders themselves: device and inode together, since every subvolume of btrfs numbers its own anew.
 */
#ifndef AUTOBACKUP_COPY_NESTED_H
#define AUTOBACKUP_COPY_NESTED_H

#include "copy/plan.h"
#include "copy/work.h"

/* The folders on the way to a replica, from its database's root on. */
struct nested_way {
    struct folder_id {
        dev_t dev;
        ino_t ino;
    } *folders;            /* owned */
    size_t count;
};

struct nested {
    const struct work *w;
    struct nested_way source, target;
    struct error *err;     /* of nested_look */
};

/*
 * Before the plan: is the source's replica one of the folders on the destination's way, or the other way round? 0 with *ret,
 * or -errno with err (code ENESTED: it is). A source in layers is never looked at: it may be the destination itself. Zero it
 * before; nested_free in any case.
 */
int nested_check(const struct work *w, struct nested *ret_nested, struct error *err);
void nested_free(struct nested *n);

/* For plan.look, with a struct nested: is this folder of a replica one of those on the other's way? 0, or -EINVAL with its err. */
int nested_look(void *arg, const struct plan_name *name);

#endif
