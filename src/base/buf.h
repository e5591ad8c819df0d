/*
 * A growable run of bytes, and the variable-length integers that the packed listings are made of.
 */
#ifndef AUTOBACKUP_BASE_BUF_H
#define AUTOBACKUP_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero it to make an empty one. Running out of memory aborts the program: nothing here can go on without. */
struct buf {
    char *data;    /* owned; not NUL-terminated unless buf_str() was called since the last change */
    size_t len;    /* bytes used */
    size_t room;   /* bytes allocated */
};

void buf_free(struct buf *b);                             /* free the bytes; b is empty and usable again */
void buf_clear(struct buf *b);                            /* forget the bytes, keep the room */
void buf_reserve(struct buf *b, size_t more);             /* make room for `more` further bytes */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_str(struct buf *b, const char *text);
void buf_add_byte(struct buf *b, unsigned char byte);
void buf_add_number(struct buf *b, int64_t value);        /* in decimal; many times quicker than buf_printf */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_truncate(struct buf *b, size_t len);             /* len <= b->len */

/* The bytes as a C string (a NUL is kept behind them). Valid until the next change of b. */
const char *buf_str(struct buf *b);

/* Give the bytes away as a NUL-terminated string the caller frees; b is empty afterwards. */
char *buf_take(struct buf *b);

#define VARINT_MAX 10    /* bytes of the longest variable-length integer */

/* LEB128: seven bits a byte, low bits first. Writes up to VARINT_MAX bytes at `at`, returns where they end. */
static inline unsigned char *put_varint(unsigned char *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    *at++ = (unsigned char)value;
    return at;
}

/* Zigzag, then LEB128: small magnitudes of either sign stay short. */
static inline unsigned char *put_signed(unsigned char *at, int64_t value)
{
    return put_varint(at, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

/* The same at the end of b. */
void buf_add_varint(struct buf *b, uint64_t value);
void buf_add_signed(struct buf *b, int64_t value);

/* Reads what the functions above wrote; never past `end`. */
struct reader {
    const unsigned char *at, *end;
    bool bad;    /* set by the first read that did not fit, and kept */
};

/* 0 and r->bad when truncated or over 64 bits. Most are of one byte, which costs no call. */
uint64_t read_long_varint(struct reader *r);
static inline uint64_t read_varint(struct reader *r)
{
    return !r->bad && r->at < r->end && *r->at < 0x80 ? *r->at++ : read_long_varint(r);
}
int64_t read_signed(struct reader *r);
const void *read_bytes(struct reader *r, size_t len);     /* NULL and r->bad when there are fewer */

/* malloc, calloc, realloc and strndup that abort with a message instead of returning NULL. */
void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
void *mem_realloc(void *old, size_t size);
char *mem_strndup(const char *text, size_t len);
char *mem_strdup(const char *text);

#endif
