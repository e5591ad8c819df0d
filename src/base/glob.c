#include "base/glob.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "base/buf.h"
#include "base/fold.h"

/* What a pattern is made of. A set's ranges, or a text's bytes, lie in `bytes` from `from` on. */
struct token {
    enum { TEXT, ANY, STAR, SET } kind;
    bool negated;             /* SET */
    size_t from, len;         /* TEXT: bytes; SET: ranges */
    struct needle needle;     /* TEXT */
};

struct range {
    uint32_t first, last;
};

struct glob {
    struct token *tokens;
    size_t count;
    struct buf bytes;         /* texts, folded where case does not matter */
    struct range *ranges;
    size_t range_count;
    const struct token *longest;    /* text between stars, to look for first; NULL: there is none */
    bool fold;
    struct buf folded;        /* the name at hand */
    struct glob *composed;    /* for names in their composed form; NULL: they match as they are, or not at all */
};

/* ---- characters ---- */

/* Bytes of the character at p, of `left`; 1 for a byte that is none. *ret: its code or one beyond Unicode. */
static size_t character(const char *p, size_t left, uint32_t *ret)
{
    const unsigned char *s = (const unsigned char *)p;
    size_t len = *s < 0x80 ? 1 : *s >= 0xf0 && *s < 0xf5 ? 4 : *s >= 0xe0 ? 3 : *s >= 0xc2 ? 2 : 0;
    uint32_t code = len == 1 ? *s : len ? *s & (0x7fu >> len) : 0;

    if (!len || len > left || *s >= 0xf5)
        return *ret = 0x110000u + *s, 1;
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return *ret = 0x110000u + *s, 1;
        code = code << 6 | (s[i] & 0x3f);
    }
    return *ret = code, len;
}

static void add_character(struct buf *out, uint32_t code)
{
    if (code < 0x800) {
        buf_add_byte(out, (unsigned char)(0xc0 | code >> 6));
    } else {
        if (code < 0x10000) {
            buf_add_byte(out, (unsigned char)(0xe0 | code >> 12));
        } else {
            buf_add_byte(out, (unsigned char)(0xf0 | code >> 18));
            buf_add_byte(out, (unsigned char)(0x80 | (code >> 12 & 0x3f)));
        }
        buf_add_byte(out, (unsigned char)(0x80 | (code >> 6 & 0x3f)));
    }
    buf_add_byte(out, (unsigned char)(0x80 | (code & 0x3f)));
}

/* ASCII at the beginning of text: how much of it there is. */
static size_t add_folded_ascii(struct buf *out, const char *text, size_t len)
{
    size_t n = 0;

    buf_reserve(out, len);
    for (char *to = out->data + out->len; n < len && !(text[n] & 0x80); n++)
        to[n] = (char)(text[n] | (text[n] >= 'A' && text[n] <= 'Z' ? 0x20 : 0));
    out->len += n;
    return n;
}

static void add_folded(struct buf *out, const char *text, size_t len)
{
    for (size_t at = add_folded_ascii(out, text, len), size; at < len; at += size) {
        uint32_t code, lower;
        size = character(text + at, len - at, &code);
        lower = code < 0x110000 ? (uint32_t)towlower((wint_t)code) : code;
        if (lower < 0x80)
            buf_add_byte(out, (unsigned char)lower);
        else if (lower == code)
            buf_add(out, text + at, size);
        else
            add_character(out, lower);
    }
}

/* ---- texts ---- */

/* Bytes of file names, the commonest first; what is not among them is rarer still. */
static const char common[] = "0123_456789.aersitnoclpmdhxvbufgjwkyqz-";

void needle_set(struct needle *n, const char *text, size_t len)
{
    size_t best = 0;

    *n = (struct needle){.text = text, .len = len};
    for (size_t i = 0; i < len; i++) {
        const char *at = memchr(common, text[i], sizeof common - 1);
        size_t rank = at ? (size_t)(at - common) : sizeof common;
        if (rank > best) {
            best = rank;
            n->rare = i;
        }
    }
}

/* By its last byte, which must be a new one. */
static const char *find_ending(const struct needle *n, const char *hay, size_t len, size_t known)
{
    char last = n->text[n->len - 1];

    for (size_t end = known >= n->len ? known + 1 : n->len; end <= len; end++)
        if (hay[end - 1] == last && memcmp(hay + end - n->len, n->text, n->len) == 0)
            return hay + end - n->len;
    return NULL;
}

const char *needle_find(const struct needle *n, const char *hay, size_t len, size_t known)
{
    if (len < n->len)
        return NULL;
    if (len - known < n->len)
        return find_ending(n, hay, len, known);
    size_t from = known >= n->len ? known - n->len + 1 : 0;
    const char *at = hay + from + n->rare, *end = hay + len - n->len + n->rare + 1;
    while ((at = memchr(at, n->text[n->rare], (size_t)(end - at)))) {
        if (memcmp(at - n->rare, n->text, n->len) == 0)
            return at - n->rare;
        if (++at == end)
            break;
    }
    return NULL;
}

/* ---- reading a pattern ---- */

static struct token *add_token(struct glob *g, int kind)
{
    g->tokens = mem_realloc(g->tokens, (g->count + 1) * sizeof *g->tokens);
    g->tokens[g->count] = (struct token){.kind = kind};
    return &g->tokens[g->count++];
}

static void add_text(struct glob *g, const char *text, size_t len)
{
    size_t from = g->bytes.len;
    struct token *t = g->count && g->tokens[g->count - 1].kind == TEXT ? &g->tokens[g->count - 1] : NULL;

    if (!t) {
        t = add_token(g, TEXT);
        t->from = from;
    }
    if (g->fold)
        add_folded(&g->bytes, text, len);
    else
        buf_add(&g->bytes, text, len);
    t->len += g->bytes.len - from;
}

/* Where the set that begins at p ends, behind its ]; NULL when it does not. */
static const char *end_of_set(const char *p, const char *end)
{
    p++;
    if (p < end && (*p == '!' || *p == '^'))
        p++;
    if (p < end && *p == ']')
        p++;
    p = p < end ? memchr(p, ']', (size_t)(end - p)) : NULL;
    return p ? p + 1 : NULL;
}

static void add_set(struct glob *g, const char *p, const char *end)
{
    struct token *t = add_token(g, SET);

    t->from = g->range_count;
    end--;    /* the ] */
    p++;
    t->negated = *p == '!' || *p == '^';
    p += t->negated;
    while (p < end) {
        struct range r;
        p += character(p, (size_t)(end - p), &r.first);
        r.last = r.first;
        if (end - p >= 2 && *p == '-') {
            p++;
            p += character(p, (size_t)(end - p), &r.last);
        }
        g->ranges = mem_realloc(g->ranges, (g->range_count + 1) * sizeof *g->ranges);
        g->ranges[g->range_count++] = r;
        t->len++;
    }
}

static void parse(struct glob *g, const char *p, const char *end)
{
    const char *after;

    while (p < end) {
        if (*p == '*') {
            if (!g->count || g->tokens[g->count - 1].kind != STAR)
                add_token(g, STAR);
            p++;
        } else if (*p == '?') {
            add_token(g, ANY);
            p++;
        } else if (*p == '[' && (after = end_of_set(p, end))) {
            add_set(g, p, after);
            p = after;
        } else {
            size_t plain = 1;
            while (p + plain < end && !strchr("*?[", p[plain]))
                plain++;
            add_text(g, p, plain);
            p += plain;
        }
    }
}

/* Once all texts have their place. */
static void set_needles(struct glob *g)
{
    for (size_t i = 0; i < g->count; i++) {
        struct token *t = &g->tokens[i];
        if (t->kind != TEXT)
            continue;
        needle_set(&t->needle, g->bytes.data + t->from, t->len);
        if (i && i + 1 < g->count && (!g->longest || t->len > g->longest->len))
            g->longest = t;
    }
}

/* Only one of these can match a name in one form and not in the other. */
static bool knows_forms(const struct glob *g, const char *pattern, size_t len)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->tokens[i].kind == ANY || g->tokens[i].kind == SET)
            return true;
    return !fold_is_ascii(pattern, len);
}

static struct glob *compose(const char *pattern, size_t len, unsigned flags)
{
    size_t size;
    char *composed = fold_composed(pattern, len, &size);
    struct glob *g = glob_new(composed ? composed : pattern, composed ? size : len, flags & ~(unsigned)GLOB_FORMS);

    free(composed);
    return g;
}

struct glob *glob_new(const char *pattern, size_t len, unsigned flags)
{
    struct glob *g = mem_zalloc(sizeof *g);

    g->fold = flags & GLOB_FOLD;
    if (flags & GLOB_PLAIN && len)
        add_text(g, pattern, len);
    else
        parse(g, pattern, pattern + len);
    if (flags & GLOB_WORD && g->count <= 1 && (!g->count || g->tokens->kind == TEXT)) {
        add_token(g, STAR);
        g->tokens = mem_realloc(g->tokens, (g->count + 1) * sizeof *g->tokens);
        memmove(g->tokens + 1, g->tokens, g->count++ * sizeof *g->tokens);
        g->tokens[0] = (struct token){.kind = STAR};
    }
    set_needles(g);
    if (flags & GLOB_FORMS && knows_forms(g, pattern, len))
        g->composed = compose(pattern, len, flags);
    return g;
}

void glob_free(struct glob *g)
{
    if (!g)
        return;
    free(g->tokens);
    free(g->ranges);
    buf_free(&g->bytes);
    buf_free(&g->folded);
    glob_free(g->composed);
    free(g);
}

/* ---- matching ---- */

static bool in_ranges(const struct glob *g, const struct token *t, uint32_t code)
{
    for (size_t i = 0; i < t->len; i++)
        if (code >= g->ranges[t->from + i].first && code <= g->ranges[t->from + i].last)
            return true;
    return false;
}

static bool in_set(const struct glob *g, const struct token *t, uint32_t code)
{
    bool in = in_ranges(g, t, code);

    if (!in && g->fold && code < 0x110000)    /* the name is in lower case, the set as it was written */
        in = in_ranges(g, t, (uint32_t)towupper((wint_t)code));
    return in != t->negated;
}

/* How many bytes of name the token takes; SIZE_MAX when it does not match there. Not for STAR. */
static size_t take(const struct glob *g, const struct token *t, const char *name, size_t left)
{
    uint32_t code;

    if (t->kind == TEXT)
        return t->len <= left && memcmp(t->needle.text, name, t->len) == 0 ? t->len : SIZE_MAX;
    if (!left)
        return SIZE_MAX;
    size_t len = character(name, left, &code);
    return t->kind == ANY || in_set(g, t, code) ? len : SIZE_MAX;
}

/* Where to go on when a star takes one more character: straight to the next place where the text behind it is. */
static const char *retry(const struct glob *g, size_t after_star, const char *from, const char *end)
{
    const struct token *t = &g->tokens[after_star];
    uint32_t code;

    if (from >= end)
        return NULL;
    from += character(from, (size_t)(end - from), &code);
    return t->kind == TEXT ? needle_find(&t->needle, from, (size_t)(end - from), 0) : from;
}

/* Only the last star ever needs to be tried again. */
static bool match(const struct glob *g, const char *p, const char *end)
{
    const char *star_from = NULL;
    size_t at = 0, after_star = 0;

    while (at < g->count || p < end) {
        if (at < g->count && g->tokens[at].kind == STAR) {
            after_star = ++at;
            if (at == g->count)
                return true;
            star_from = p;
            continue;
        }
        size_t taken = at < g->count ? take(g, &g->tokens[at], p, (size_t)(end - p)) : SIZE_MAX;
        if (taken != SIZE_MAX) {
            p += taken;
            at++;
        } else {
            star_from = star_from ? retry(g, after_star, star_from, end) : NULL;
            if (!star_from)
                return false;
            p = star_from;
            at = after_star;
        }
    }
    return true;
}

/* Most names end otherwise, or lack the text: that is quickly seen. */
static bool cannot_match(const struct glob *g, const char *name, size_t len)
{
    const struct token *t = g->count ? &g->tokens[g->count - 1] : NULL;

    if (t && t->kind == TEXT && (t->len > len || memcmp(t->needle.text, name + len - t->len, t->len) != 0))
        return true;
    return g->longest && !needle_find(&g->longest->needle, name, len, 0);
}

static bool match_composed(struct glob *g, const char *name, size_t len)
{
    size_t size;
    char *composed = fold_composed(name, len, &size);
    bool fits = composed && glob_match(g, composed, size);

    free(composed);
    return fits;
}

static bool match_as_it_is(struct glob *g, const char *name, size_t len)
{
    if (g->fold) {
        buf_clear(&g->folded);
        add_folded(&g->folded, name, len);
        name = buf_str(&g->folded);
        len = g->folded.len;
    }
    return !cannot_match(g, name, len) && match(g, name, name + len);
}

bool glob_match(struct glob *g, const char *name, size_t len)
{
    return match_as_it_is(g, name, len) || (g->composed && match_composed(g->composed, name, len));
}

bool glob_needle(const struct glob *g, struct needle *ret_needle)
{
    bool all = g->count && g->tokens[0].kind == STAR && g->tokens[g->count - 1].kind == STAR;
    bool text = all && g->count == 3 && g->tokens[1].kind == TEXT;

    if (g->composed)
        return false;
    if (text && !g->fold)
        *ret_needle = g->tokens[1].needle;
    else if (all && g->count <= 2)
        *ret_needle = (struct needle){.text = ""};
    else
        return false;
    return true;
}
