#include "base/text.h"

#include <langinfo.h>
#include <string.h>
#include <wchar.h>

/* Most of a table is ASCII, of which every byte counts one. */
static size_t ascii(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && !(text[n] & 0x80))
        n++;
    return n;
}

size_t text_width(const char *text, size_t len)
{
    size_t width = ascii(text, len);
    mbstate_t state = {0};

    text += width;
    len -= width;
    while (len) {
        wchar_t wide = 0;
        size_t used = mbrtowc(&wide, text, len, &state);
        int columns = 1;
        if (used == 0 || used > len) {    /* a NUL, an invalid byte or a character cut off */
            used = 1;
            state = (mbstate_t){0};
        } else if (wcwidth(wide) >= 0) {
            columns = wcwidth(wide);
        }
        width += (size_t)columns;
        text += used;
        len -= used;
    }
    return width;
}

bool text_is_utf8(void) { return strcmp(nl_langinfo(CODESET), "UTF-8") == 0; }
