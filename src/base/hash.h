/*
 * The digest: XXH3-128 (xxHash). 16 bytes in canonical (big endian) order, as `xxhsum -H2` prints them.
 */
#ifndef AUTOBACKUP_BASE_HASH_H
#define AUTOBACKUP_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 16

struct digest {
    unsigned char bytes[DIGEST_SIZE];
};

struct hasher;    /* a running digest */

struct hasher *hasher_new(void);
void hasher_free(struct hasher *h);                        /* NULL is fine */
void hasher_reset(struct hasher *h);                       /* start over, as after hasher_new */
void hasher_add(struct hasher *h, const void *data, size_t len);
struct digest hasher_get(const struct hasher *h);          /* of what was added so far; may be called midway */

struct digest digest_of(const void *data, size_t len);     /* in one call */
uint64_t hash64_of(const void *data, size_t len);          /* XXH3-64, for checksums and hash tables */

/* Add b to a as 128-bit numbers, wrapping: an order-free sum of digests. */
void digest_sum(struct digest *a, const struct digest *b);
void digest_take(struct digest *a, const struct digest *b);    /* and away from it again */

/* Lower-case hex of d into text, which has room for 33 bytes. */
void digest_hex(const struct digest *d, char text[2 * DIGEST_SIZE + 1]);

/* The digest whose digest_hex is text. False, with *ret_digest undefined, when there is none. */
bool digest_parse(const char *text, struct digest *ret_digest);

/* A hash64_of as 16 lower-case hex digits. */
void hash64_hex(uint64_t hash, char text[17]);

#endif
