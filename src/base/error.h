/*
 * Errors of the engine: a function returns 0 or -errno and, where it can say more, fills a struct error.
 */
#ifndef AUTOBACKUP_BASE_ERROR_H
#define AUTOBACKUP_BASE_ERROR_H

#include <stddef.h>

/* One error, ready to be shown. A zeroed struct is "no error". */
struct error {
    int errnum;       /* positive errno, or 0 */
    char code[16];    /* symbolic: "ENOSPC", or one of our own such as "ECATALOG" */
    char *message;    /* owned; "ENOSPC: No space left on device: PATH" */
};

/* Symbolic name of a positive errno: "ENOENT"; "EUNKNOWN" for one the C library has no name for. Static. */
const char *error_name(int errnum);

/*
 * Record a system error about a thing. errnum: positive errno. fmt: names the thing (a path).
 * err may be NULL. An error already recorded is replaced. Returns -errnum, so that callers can
 * write `return error_set(err, errno, "%s", path);`. errno is read by the caller before the call.
 */
int error_set(struct error *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Record an error of our own. code: symbolic, at most 15 bytes; fmt: the whole sentence, naming the thing,
 * the reason and the next step. Returns -errnum.
 */
int error_say(struct error *err, const char *code, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Free what err owns and make it "no error" again. */
void error_clear(struct error *err);

/* Move *from to *to (which is cleared first) and leave *from empty. to may be NULL. */
void error_move(struct error *to, struct error *from);

#endif
