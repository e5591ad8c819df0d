/* Can a database be written to? A look that writes nothing, for a plan; and the words for one that cannot. */
#ifndef AUTOBACKUP_COPY_WRITABLE_H
#define AUTOBACKUP_COPY_WRITABLE_H

#include "base/error.h"

/*
 * Say that `what` (a database's name, "render of NAS") cannot be written: what `code` (-EROFS, -EACCES, -EPERM) means for who
 * wants to. Any other code is left as it is. Returns it.
 */
int writable_explain(int code, const char *what, struct error *err);

/*
 * Would the database at the path `root`, which has this identity, take a lock and what is written under it? `category`: the
 * path relative to it that is written to, NULL or "" for the database itself; one that is not there yet lies on the disk of the folder
 * above. `what`: as above. Of a category only its filesystem is asked: what stands against single folders is theirs to say.
 * 0; or -EROFS, -EACCES, -EPERM, said as by writable_explain; what keeps it from being looked at counts as writable: whoever
 * writes meets it.
 */
int writable_look(const char *root, const char *identity, const char *category, const char *what, struct error *err);

#endif
