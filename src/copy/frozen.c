#include "copy/frozen.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

/* 'i', 'a', or 0. */
static char mark_of(int dir, const char *name)
{
    struct statx sx;

    if (statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &sx) < 0)
        return 0;
    const uint64_t marks = sx.stx_attributes & sx.stx_attributes_mask;
    return marks & STATX_ATTR_IMMUTABLE ? 'i' : marks & STATX_ATTR_APPEND ? 'a' : 0;
}

bool frozen_is(int dir, const char *name) { return mark_of(dir, name) != 0; }

static bool tell(char mark, const char *what, char *ret_why, size_t size)
{
    if (mark)
        snprintf(ret_why, size, "%s is %s, so it stays as it is: chattr -%c takes that off", what,
                 mark == 'i' ? "immutable" : "append-only", mark);
    return mark;
}

bool frozen_why(int top, const char *path, char *ret_why, size_t size)
{
    const char *name;

    if (top < 0)
        return false;
    if (!*path)
        return tell(mark_of(top, "."), "it", ret_why, size);
    int dir = path_open_parent(top, path, &name);
    if (dir < 0)
        return false;
    bool known = tell(mark_of(dir, name), "it", ret_why, size) || tell(mark_of(dir, "."), "the folder it lies in", ret_why, size);
    close(dir);
    return known;
}
