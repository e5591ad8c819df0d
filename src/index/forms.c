#include "index/forms.h"

#include <stdlib.h>

#include "base/fold.h"

static void composed(sqlite3_context *context, int count, sqlite3_value **values)
{
    const char *text = (const char *)sqlite3_value_text(values[0]);
    size_t len;
    char *form = text ? fold_composed(text, (size_t)sqlite3_value_bytes(values[0]), &len) : NULL;

    (void)count;
    if (form)
        sqlite3_result_text64(context, form, len, free, SQLITE_UTF8);
    else
        sqlite3_result_value(context, values[0]);
}

/* Without it a pattern with such letters is an error of its query, and all else goes on. */
void forms_register(sqlite3 *db)
{
    (void)sqlite3_create_function(db, "composed", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, composed, NULL, NULL);
}
