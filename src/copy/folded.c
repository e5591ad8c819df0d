#include "copy/folded.h"

#include <stdio.h>

#include "base/spelling.h"

bool folded_is_taken(int dir, const char *name, char *ret_other)
{
    return spelling_search(dir, name, ret_other) == SPELLED_OTHERWISE;
}

void folded_why(const char *name, const char *other, char *ret_why)
{
    char bytes[100];

    spelling_bytes(name, other, bytes, sizeof bytes);
    if (!*other)
        snprintf(ret_why, FOLDED_WHY, "the destination takes this name for another that it has: left alone");
    else if (*bytes)
        snprintf(ret_why, FOLDED_WHY, "the destination cannot hold names that look alike and differ in their bytes alone, "
                 "here from %s (%s): left alone", other, bytes);
    else
        snprintf(ret_why, FOLDED_WHY, "the destination cannot hold names that differ only in case from %s: left alone",
                 other);
}
