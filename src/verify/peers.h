/*
 * The other replicas of what is verified: which of them have the content that a damaged file should have?
 */
#ifndef AUTOBACKUP_VERIFY_PEERS_H
#define AUTOBACKUP_VERIFY_PEERS_H

#include "base/buf.h"
#include "verify/check.h"
#include "verify/verify.h"

struct peers;

/* cat and list are borrowed. */
struct peers *peers_new(struct catalog *cat, const struct verify_peer *list, size_t count);
void peers_free(struct peers *p);    /* NULL is fine */

/*
 * Append the names of those whose file of this path has the digest and size, ", " between them. Files of one directory
 * are best asked for one after the other.
 */
void peers_holding(struct peers *p, const struct check *c, struct buf *out);

/* Has one of them that very content which was found, in a file of that path? */
bool peers_have_found(struct peers *p, const struct check *c);

#endif
