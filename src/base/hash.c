#include "base/hash.h"

#include <stdlib.h>
#include <xxhash.h>

#include "base/buf.h"

struct hasher {
    XXH3_state_t *state;
};

static struct digest canonical(XXH128_hash_t value)
{
    XXH128_canonical_t canon;
    struct digest d;

    XXH128_canonicalFromHash(&canon, value);
    for (int i = 0; i < DIGEST_SIZE; i++)
        d.bytes[i] = canon.digest[i];
    return d;
}

struct hasher *hasher_new(void)
{
    struct hasher *h = mem_alloc(sizeof *h);
    h->state = XXH3_createState();
    if (!h->state)
        abort();
    hasher_reset(h);
    return h;
}

void hasher_free(struct hasher *h)
{
    if (h)
        XXH3_freeState(h->state);
    free(h);
}

void hasher_reset(struct hasher *h) { XXH3_128bits_reset(h->state); }
void hasher_add(struct hasher *h, const void *data, size_t len) { XXH3_128bits_update(h->state, data, len); }
struct digest hasher_get(const struct hasher *h) { return canonical(XXH3_128bits_digest(h->state)); }
struct digest digest_of(const void *data, size_t len) { return canonical(XXH3_128bits(data, len)); }
uint64_t hash64_of(const void *data, size_t len) { return XXH3_64bits(data, len); }

void digest_sum(struct digest *a, const struct digest *b)
{
    unsigned carry = 0;

    for (int i = DIGEST_SIZE - 1; i >= 0; i--) {
        carry += (unsigned)a->bytes[i] + b->bytes[i];
        a->bytes[i] = (unsigned char)carry;
        carry >>= 8;
    }
}

void digest_take(struct digest *a, const struct digest *b)
{
    int borrow = 0;

    for (int i = DIGEST_SIZE - 1; i >= 0; i--) {
        int rest = (int)a->bytes[i] - b->bytes[i] - borrow;
        a->bytes[i] = (unsigned char)(rest & 0xff);
        borrow = rest < 0;
    }
}

static const char hex[] = "0123456789abcdef";

void digest_hex(const struct digest *d, char text[2 * DIGEST_SIZE + 1])
{
    for (int i = 0; i < DIGEST_SIZE; i++) {
        text[2 * i] = hex[d->bytes[i] >> 4];
        text[2 * i + 1] = hex[d->bytes[i] & 15];
    }
    text[2 * DIGEST_SIZE] = 0;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_parse(const char *text, struct digest *ret_digest)
{
    for (int i = 0; i < DIGEST_SIZE; i++) {
        int high = nibble(text[2 * i]), low = high < 0 ? -1 : nibble(text[2 * i + 1]);
        if (low < 0)
            return false;
        ret_digest->bytes[i] = (unsigned char)(high << 4 | low);
    }
    return !text[2 * DIGEST_SIZE];
}

void hash64_hex(uint64_t hash, char text[17])
{
    for (int i = 15; i >= 0; i--, hash >>= 4)
        text[i] = hex[hash & 15];
    text[16] = 0;
}
