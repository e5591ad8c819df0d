/*
 * The Lua sources inside the program.
 */
#ifndef AUTOBACKUP_HOST_EMBEDDED_H
#define AUTOBACKUP_HOST_EMBEDDED_H

struct embedded {
    const char *module;             /* "autobackup.commands.copy" */
    const char *chunk;              /* "@lua/commands/copy.lua", the source's name in tracebacks */
    const char *source, *end;       /* the unmodified file */
    const char *compiled, *compiled_end;    /* lua_ident of a Lua, and what its lua_dump made of the file */
};

/* All of them, sorted by name; the last one's module is NULL. */
extern const struct embedded embedded_modules[];

/* The one with this name, or NULL. */
const struct embedded *embedded_find(const char *module);

#endif
