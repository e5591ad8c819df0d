#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *error_name(int errnum)
{
    const char *name = strerrorname_np(errnum);
    return name ? name : "EUNKNOWN";
}

static int record(struct error *err, const char *code, int errnum, char *message)
{
    if (!err) {
        free(message);
        return -errnum;
    }
    error_clear(err);
    err->errnum = errnum;
    snprintf(err->code, sizeof err->code, "%s", code);
    err->message = message;
    return -errnum;
}

int error_set(struct error *err, int errnum, const char *fmt, ...)
{
    char *thing = NULL, *message = NULL;
    va_list args;

    if (!err)
        return -errnum;
    va_start(args, fmt);
    if (vasprintf(&thing, fmt, args) < 0)
        thing = NULL;
    va_end(args);
    if (asprintf(&message, "%s: %s: %s", error_name(errnum), strerrordesc_np(errnum) ? strerrordesc_np(errnum) : "error",
                 thing ? thing : "?") < 0)
        message = NULL;
    free(thing);
    return record(err, error_name(errnum), errnum, message);
}

int error_say(struct error *err, const char *code, int errnum, const char *fmt, ...)
{
    char *message = NULL;
    va_list args;

    if (!err)
        return -errnum;
    va_start(args, fmt);
    if (vasprintf(&message, fmt, args) < 0)
        message = NULL;
    va_end(args);
    return record(err, code, errnum, message);
}

void error_clear(struct error *err)
{
    if (!err)
        return;
    free(err->message);
    memset(err, 0, sizeof *err);
}

void error_move(struct error *to, struct error *from)
{
    if (!to) {
        error_clear(from);
        return;
    }
    if (to == from)
        return;
    error_clear(to);
    *to = *from;
    memset(from, 0, sizeof *from);
}
