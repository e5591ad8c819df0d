/*
 * What a catalog's SQL knows of Unicode's forms.
 */
#ifndef AUTOBACKUP_INDEX_FORMS_H
#define AUTOBACKUP_INDEX_FORMS_H

#include <sqlite3.h>

/* Give a connection composed(TEXT): the text in its composed form (base/fold.h), for GLOB. */
void forms_register(sqlite3 *db);

#endif
