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

#define ZERO_WIDTH_JOINER 0x200D
#define EMOJI_PRESENTATION 0xFE0F

static bool is_skin_tone(wchar_t c) { return c >= 0x1F3FB && c <= 0x1F3FF; }

/* What a joiner glues to the emoji before it. In other scripts a joiner shapes letters that keep their columns. */
static bool is_pictograph(wchar_t c) { return c >= 0x1F000 || (c >= 0x2190 && c <= 0x2BFF); }

/* What the presentation selector makes an emoji, which takes two columns. */
static bool can_be_emoji(wchar_t c)
{
    return c == '#' || c == '*' || (c >= '0' && c <= '9') || c == 0xA9 || c == 0xAE || (c >= 0x203C && c <= 0x3299) ||
           c >= 0x1F000;
}

/* What the characters so far come to: one cluster may be several of them. */
struct cluster {
    wchar_t base;    /* the last character with columns of its own */
    int columns;     /* that it takes */
    bool joined;     /* a joiner came last */
};

/* Columns that a further character adds. */
static int columns_of(struct cluster *c, wchar_t next)
{
    bool joined = c->joined;
    int columns = wcwidth(next);

    c->joined = next == ZERO_WIDTH_JOINER;
    if (next == EMOJI_PRESENTATION && c->columns == 1 && can_be_emoji(c->base)) {
        c->columns = 2;
        return 1;
    }
    if ((joined && is_pictograph(next) && is_pictograph(c->base)) || (is_skin_tone(next) && is_pictograph(c->base)) ||
        columns == 0)
        return 0;
    c->base = next;
    c->columns = columns < 0 ? 1 : columns;
    return c->columns;
}

size_t text_width(const char *text, size_t len)
{
    size_t width = ascii(text, len);
    struct cluster cluster = {.base = width ? (unsigned char)text[width - 1] : 0, .columns = width ? 1 : 0};
    mbstate_t state = {0};

    text += width;
    len -= width;
    while (len) {
        wchar_t wide = 0;
        size_t used = mbrtowc(&wide, text, len, &state);
        if (used == 0 || used > len) {    /* a NUL, an invalid byte or a character cut off */
            used = 1;
            wide = 0xFFFD;
            state = (mbstate_t){0};
        }
        width += (size_t)columns_of(&cluster, wide);
        text += used;
        len -= used;
    }
    return width;
}

bool text_is_utf8(void) { return strcmp(nl_langinfo(CODESET), "UTF-8") == 0; }
