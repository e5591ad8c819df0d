#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
    if (!p) {
        fputs("autobackup: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *mem_alloc(size_t size) { return must(malloc(size ? size : 1)); }
void *mem_zalloc(size_t size) { return must(calloc(1, size ? size : 1)); }
void *mem_realloc(void *old, size_t size) { return must(realloc(old, size ? size : 1)); }
char *mem_strdup(const char *text) { return mem_strndup(text, strlen(text)); }

char *mem_strndup(const char *text, size_t len)
{
    char *copy = mem_alloc(len + 1);
    if (len)
        memcpy(copy, text, len);
    copy[len] = 0;
    return copy;
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b) { b->len = 0; }
void buf_truncate(struct buf *b, size_t len) { b->len = len; }

void buf_reserve(struct buf *b, size_t more)
{
    if (b->room - b->len >= more)
        return;
    size_t room = b->room ? b->room * 2 : 64;
    if (room < b->len + more)
        room = b->len + more;
    b->data = mem_realloc(b->data, room);
    b->room = room;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    if (!len)
        return;
    buf_reserve(b, len);
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

void buf_add_str(struct buf *b, const char *text) { buf_add(b, text, strlen(text)); }

void buf_add_byte(struct buf *b, unsigned char byte)
{
    buf_reserve(b, 1);
    b->data[b->len++] = (char)byte;
}

void buf_add_number(struct buf *b, int64_t value)
{
    char digits[20], *at = digits + sizeof digits;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        buf_add_byte(b, '-');
    buf_add(b, at, (size_t)(digits + sizeof digits - at));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0)
        return;
    buf_reserve(b, (size_t)len + 1);
    va_start(args, fmt);
    vsnprintf(b->data + b->len, (size_t)len + 1, fmt, args);
    va_end(args);
    b->len += (size_t)len;
}

const char *buf_str(struct buf *b)
{
    buf_reserve(b, 1);
    b->data[b->len] = 0;
    return b->data;
}

char *buf_take(struct buf *b)
{
    buf_str(b);
    char *data = b->data;
    *b = (struct buf){0};
    return data;
}

void buf_add_varint(struct buf *b, uint64_t value)
{
    buf_reserve(b, VARINT_MAX);
    b->len = (size_t)((char *)put_varint((unsigned char *)b->data + b->len, value) - b->data);
}

void buf_add_signed(struct buf *b, int64_t value)
{
    buf_reserve(b, VARINT_MAX);
    b->len = (size_t)((char *)put_signed((unsigned char *)b->data + b->len, value) - b->data);
}

uint64_t read_long_varint(struct reader *r)
{
    const unsigned char *at = r->at, *end = r->end;
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
        unsigned char byte = *at++;
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            r->at = at;
            return r->bad ? 0 : value;
        }
    }
    r->bad = true;
    return 0;
}

int64_t read_signed(struct reader *r)
{
    uint64_t value = read_varint(r);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

const void *read_bytes(struct reader *r, size_t len)
{
    if (r->bad || (size_t)(r->end - r->at) < len) {
        r->bad = true;
        return NULL;
    }
    const void *bytes = r->at;
    r->at += len;
    return bytes;
}
