#include "base/fold.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "base/buf.h"

#define JOINER "\xe2\x80\x8d"

bool fold_is_ascii(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }

static char *lower_ascii(const char *text, size_t len, bool letters, size_t *ret_len)
{
    char *key = mem_strndup(text, len);

    for (size_t i = 0; letters && i < len; i++)
        if (is_upper(key[i]))
            key[i] |= 0x20;
    if (ret_len)
        *ret_len = len;
    return key;
}

/* NULL for what is no UTF-8. To be freed. */
static char *map(const char *text, size_t len, int options, size_t *ret_len)
{
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t size = utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, &mapped,
                                         (utf8proc_option_t)options);

    if (size < 0) {
        free(mapped);
        return NULL;
    }
    if (ret_len)
        *ret_len = (size_t)size;
    return (char *)mapped;
}

/* Folding can take a text out of its form, and a second pass finds no more to do. */
char *fold_key(const char *text, size_t len, bool letters, size_t *ret_len)
{
    int options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_IGNORE | (letters ? UTF8PROC_CASEFOLD : 0);
    char *key = fold_is_ascii(text, len) ? NULL : map(text, len, options, ret_len);

    return key ? key : lower_ascii(text, len, letters, ret_len);
}

char *fold_composed(const char *text, size_t len, size_t *ret_len)
{
    return fold_is_ascii(text, len) ? NULL : map(text, len, UTF8PROC_STABLE | UTF8PROC_COMPOSE, ret_len);
}

size_t fold_character(const char *text)
{
    utf8proc_int32_t c;
    size_t len = 0;

    for (utf8proc_ssize_t size; text[len]; len += (size_t)size) {
        size = utf8proc_iterate((const utf8proc_uint8_t *)text + len, -1, &c);
        if (len && (size <= 0 || !utf8proc_get_property(c)->combining_class))
            break;
        size = size > 0 ? size : 1;
    }
    return len;
}

bool fold_same(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b), a_size, b_size;

    if (fold_is_ascii(a, a_len) && fold_is_ascii(b, b_len))
        return strcasecmp(a, b) == 0;
    char *one = fold_key(a, a_len, true, &a_size), *other = fold_key(b, b_len, true, &b_size);
    bool same = a_size == b_size && memcmp(one, other, a_size) == 0;
    free(one);
    free(other);
    return same;
}

static void add_turned(struct buf *out, utf8proc_int32_t c)
{
    utf8proc_uint8_t bytes[4];
    utf8proc_int32_t upper = utf8proc_toupper(c), turned = upper != c ? upper : utf8proc_tolower(c);

    buf_add(out, bytes, (size_t)utf8proc_encode_char(turned, bytes));
}

static char *turn_case(const char *name)
{
    struct buf out = {0};

    for (const char *at = name; *at;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &c);
        if (len > 0)
            add_turned(&out, c);
        else
            buf_add_byte(&out, (unsigned char)(is_letter(*at) ? *at ^ 0x20 : *at));
        at += len > 0 ? len : 1;
    }
    return buf_take(&out);
}

static char *other_form(const char *name)
{
    size_t len = strlen(name);
    char *composed = fold_composed(name, len, NULL);

    if (!composed || strcmp(composed, name) != 0)
        return composed;
    free(composed);
    return map(name, len, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, NULL);
}

char *fold_variant(const char *name, int which)
{
    struct buf joined = {0};
    char *variant = NULL;

    if (which == 0)
        variant = turn_case(name);
    else if (which == 1)
        variant = other_form(name);
    else {
        buf_printf(&joined, "%s" JOINER, name);
        variant = buf_take(&joined);
    }
    if (variant && strcmp(variant, name) == 0) {
        free(variant);
        return NULL;
    }
    return variant;
}
