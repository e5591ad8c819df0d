#include "copy/attributes.h"

#include <stdio.h>
#include <string.h>

#define MOST (1u << 20)
#define PROC_PATH 320    /* "/proc/self/fd/N/NAME" */

int attributes_pack(int dir, const char *name, bool root, struct buf *out)
{
    char file[PROC_PATH];

    snprintf(file, sizeof file, "/proc/self/fd/%d/%s", dir, name);
    return xattr_pack((struct xattr_file){.path = file}, root, out);
}

/* Is there such an item between the commas? */
static bool has_item(const char *list, const char *item, size_t len)
{
    for (;;) {
        size_t own = strcspn(list, ",");
        if (own == len && memcmp(list, item, len) == 0)
            return true;
        if (!list[own])
            return false;
        list += own + 1;
    }
}

int attributes_agree(struct xattr_file file, bool root, const char *list)
{
    struct buf has = {0};
    int code = xattr_pack(file, root, &has);
    bool same = !code && has.len == strlen(list);

    for (const char *at = list; same && *at;) {
        size_t len = strcspn(at, ",");
        same = has_item(buf_str(&has), at, len);
        at += len + (at[len] == ',');
    }
    buf_free(&has);
    return code ? code : same;
}

void attributes_announce(struct manifest *m, const char *path, int dir, const char *name, bool root)
{
    struct buf list = {0};

    if (attributes_pack(dir, name, root, &list) == 0 && list.len <= MOST)
        manifest_add_attributes(m, path, buf_str(&list));
    buf_free(&list);
}
