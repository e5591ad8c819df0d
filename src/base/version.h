/*
 * What `autobackup --version` says.
 */
#ifndef AUTOBACKUP_BASE_VERSION_H
#define AUTOBACKUP_BASE_VERSION_H

#define AUTOBACKUP_VERSION "0.1.0"

#endif
