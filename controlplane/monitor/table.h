/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_TABLE_H
#define BRIDGETAP_MONITOR_TABLE_H

/* uthash, with out-of-memory as an error and not the end of the process: after HASH_ADD the item
 * is in the table only if table_has() says so. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define table_has(item) ((item)->hh.tbl != NULL)

#endif
