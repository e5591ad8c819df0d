#include "host/embedded.h"

#include <stddef.h>
#include <string.h>

/* The Makefile lists the sources in embedded.list: LUA_SOURCE(number, module, its name in tracebacks, file, compiled file). */
#define LUA_SOURCE(n, module, shown, file, compiled) \
    __asm__(".section .rodata\n" \
            "source_" #n ": .incbin \"" file "\"\n" \
            "source_end_" #n ": .byte 0\n" \
            "compiled_" #n ": .incbin \"" compiled "\"\n" \
            "compiled_end_" #n ": .byte 0\n" \
            ".previous\n"); \
    extern const char source_##n[] __attribute__((visibility("hidden"))); \
    extern const char source_end_##n[] __attribute__((visibility("hidden"))); \
    extern const char compiled_##n[] __attribute__((visibility("hidden"))); \
    extern const char compiled_end_##n[] __attribute__((visibility("hidden")));
#include "embedded.list"
#undef LUA_SOURCE

#define LUA_SOURCE(n, module, shown, file, compiled) \
    {module, "@" shown, source_##n, source_end_##n, compiled_##n, compiled_end_##n},
const struct embedded embedded_modules[] = {
#include "embedded.list"
    {0},
};

const struct embedded *embedded_find(const char *module)
{
    for (const struct embedded *e = embedded_modules; e->module; e++)
        if (strcmp(e->module, module) == 0)
            return e;
    return NULL;
}
