/*
 * compile: writes the compiled form of each Lua source that embedded.list names, with the names and lines that errors tell,
 * behind the words (with their 0 byte) by which the Lua calls itself that compiled it. Part of the build; the program loads
 * these as its modules (src/host/modules.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <lauxlib.h>

struct source {
    const char *shown, *file, *compiled;
};

#define LUA_SOURCE(n, module, shown, file, compiled) {"@" shown, file, compiled},
static const struct source sources[] = {
#include "embedded.list"
};
#undef LUA_SOURCE

static void fail(const char *what)
{
    fprintf(stderr, "compile: %s\n", what);
    exit(1);
}

static char *read_file(const char *path, size_t *ret_size)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    char *text;

    if (!f || fstat(fileno(f), &st) < 0 || !(text = malloc((size_t)st.st_size + 1)))
        fail(path);
    *ret_size = fread(text, 1, (size_t)st.st_size, f);
    if (fclose(f) || *ret_size != (size_t)st.st_size)
        fail(path);
    return text;
}

static int add(lua_State *L, const void *bytes, size_t size, void *file)
{
    (void)L;
    return fwrite(bytes, 1, size, file) != size;
}

static void compile(lua_State *L, const struct source *s)
{
    size_t size;
    char *text = read_file(s->file, &size);

    if (luaL_loadbufferx(L, text, size, s->shown, "t") != LUA_OK)
        fail(lua_tostring(L, -1));
    FILE *f = fopen(s->compiled, "wb");
    if (!f || fwrite(lua_ident, 1, strlen(lua_ident) + 1, f) != strlen(lua_ident) + 1 || lua_dump(L, add, f, 0) || fclose(f))
        fail(s->compiled);
    lua_pop(L, 1);
    free(text);
}

int main(void)
{
    lua_State *L = luaL_newstate();

    if (!L)
        fail("no memory");
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        compile(L, &sources[i]);
    lua_close(L);
    return 0;
}
