/*
 * A source as it was (copy/layers.h) on its way from core.undo.asof to core.copy.start.
 */
#ifndef AUTOBACKUP_BIND_LAYERS_H
#define AUTOBACKUP_BIND_LAYERS_H

#include "bind/bind.h"
#include "copy/layers.h"

/* Push a handle that owns the layers. */
void bind_push_layers(lua_State *L, struct layers *layers);

/* The handle at index; raises when it is none, or empty. The caller may take what it holds, and set it to NULL. */
struct layers **bind_check_layers(lua_State *L, int index);

#endif
