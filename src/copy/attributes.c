#include "copy/attributes.h"

#include <stdio.h>

#include "copy/xattr.h"

#define MOST (1u << 20)
#define PROC_PATH 320    /* "/proc/self/fd/N/NAME" */

int attributes_pack(int dir, const char *name, bool root, struct buf *out)
{
    char file[PROC_PATH];

    snprintf(file, sizeof file, "/proc/self/fd/%d/%s", dir, name);
    return xattr_pack((struct xattr_file){.path = file}, root, out);
}

void attributes_announce(struct manifest *m, const char *path, int dir, const char *name, bool root)
{
    struct buf list = {0};

    if (attributes_pack(dir, name, root, &list) == 0 && list.len <= MOST)
        manifest_add_attributes(m, path, buf_str(&list));
    buf_free(&list);
}
