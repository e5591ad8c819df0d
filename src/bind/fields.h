/*
 * The fields of a table of named arguments, which is argument 1 of a primitive. All of them raise when a field is not
 * what it must be.
 */
#ifndef AUTOBACKUP_BIND_FIELDS_H
#define AUTOBACKUP_BIND_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "bind/bind.h"

/* A string without NUL bytes; left on the stack, so that its bytes stay. */
const char *field_text(lua_State *L, const char *key);

const char *field_text_or_none(lua_State *L, const char *key);    /* the same; "" when it is nil */

/* An integer from min to max, `fallback` when it is nil. Left on the stack, as the next two. */
int64_t field_integer(lua_State *L, const char *key, int64_t fallback, int64_t min, int64_t max);
bool field_flag(lua_State *L, const char *key);

/* A number of seconds (nil: 0), in ns; more than ten years are ten years. */
int64_t field_duration(lua_State *L, const char *key);

/* A list of strings, nil for none: raise when it is none, and copy it (nothing raises any more), for field_free_texts. */
void field_check_texts(lua_State *L, const char *key);
char **field_copy_texts(lua_State *L, const char *key, size_t *ret_count);
void field_free_texts(char *const *list, size_t count);

#endif
