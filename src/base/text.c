#include "base/text.h"

#include <langinfo.h>
#include <string.h>
#include <wchar.h>

size_t text_width(const char *text, size_t len)
{
    size_t width = 0;
    mbstate_t state = {0};

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
