/*
 * The holder's file: .autobackup/holder says who has the lock of a database. An flock is not seen by everybody who reaches
 * a disk (sshfs, some CIFS and FUSE); a file is. Its holder changes it every few seconds (copy/beat.h): to others it is held
 * as long as that goes on, whatever their clocks say.
 */
#ifndef AUTOBACKUP_COPY_HOLDER_H
#define AUTOBACKUP_COPY_HOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define HOLDER "holder"    /* in OUR_FOLDER */

struct holder {
    char token[17];        /* of this holding, random: two are never alike */
    char host[256], boot[64], text[201];
    int64_t pid, began;    /* with boot: as in base/who.h */
};

/* This process, which holds it from now on. text: "copy, pid 4711, since 02:00". */
void holder_init(struct holder *h, const char *text);

/* What lies there at one moment. */
struct holder_look {
    bool readable;         /* it is a whole record, which holder is */
    uint64_t print;        /* another one when anything of it has changed */
    struct holder holder;
};

/* Look, dir: OUR_FOLDER. 0, -ENOENT when nothing is there, or -errno; what cannot be read has a print all the same. */
int holder_look(int dir, struct holder_look *ret_look);

/* Does the process of this holder not run any more, as far as this machine can tell of its own? */
bool holder_is_dead(const struct holder_look *look);

/* "copy, pid 4711, since 02:00, on studio2", to be freed. */
char *holder_describe(const struct holder_look *look);

/* Make the file, which is not there. 0, -EEXIST when it is, or -errno. */
int holder_create(int dir, const struct holder *h);

/* Put ours in place of the one that was looked at. 0, -EAGAIN when another one may lie there by now, or -errno: refused. */
int holder_replace(int dir, const struct holder *h, const struct holder_look *old);

/*
 * Is the file there still ours? Then note the number of this beat in it; where that fails it is ours all the same, with
 * *ret_beaten false. 0, -ESTALE when it is another's, -ENOENT, or -errno when that cannot be told.
 */
int holder_beat(int dir, const struct holder *h, uint64_t number, bool *ret_beaten);

/* Remove it, if it is ours. */
void holder_remove(int dir, const struct holder *h);

#endif
