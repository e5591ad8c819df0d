/* The catalog's tables, and how an older catalog becomes a newer one. */
#ifndef AUTOBACKUP_INDEX_SCHEMA_H
#define AUTOBACKUP_INDEX_SCHEMA_H

#include <sqlite3.h>

#include "base/error.h"

#define SCHEMA_VERSION 9
#define SCHEMA_APPLICATION 0x41424b50    /* "ABKP": PRAGMA application_id of every catalog */

struct catalog;

/*
 * Bring a catalog to SCHEMA_VERSION, each step in one transaction. path: for messages. 0 or -errno:
 * EVERSION when it is newer than this program, ECATALOG when the file is another program's.
 */
int schema_migrate(struct catalog *cat, struct error *err);

#endif
