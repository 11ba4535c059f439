/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_STORE_INTERNAL_H
#define BRIDGETAP_STORE_INTERNAL_H

/* What the files of the store share, and nobody else includes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "store/store.h"

#define ERROR_SIZE 256

/* Prepared once, when the store is opened. */
enum statement {
	BEGIN,
	COMMIT,
	ROLL_BACK,
	PUT,
	DELETE,
	DELETE_ORGANISATION,
	READ,
	AUDIT_INSERT,
	AUDIT_SET_HEAD,
	AUDIT_TOUCH_HEAD,
	AUDIT_HEAD,
	AUDIT_LAST,
	AUDIT_AFTER,
	AUDIT_BEFORE,
	AUDIT_AFTER_OF,
	AUDIT_BEFORE_OF,
	STATEMENTS
};

/* When a transaction that has ended is on the disk. */
enum durability { DURABILITY_UNSET, DURABLE_SOON, DURABLE_AT_ONCE };

/* The last record of the audit. Number 0 and a hash of zeros are before the first. */
struct audit_head {
	uint64_t number;
	uint8_t hash[STORE_HASH_SIZE];
};

struct queued;

/* Records in the order in which they came. */
struct audit_queue {
	struct queued *first;
	struct queued **end; /* where the next one goes */
	unsigned count;
	/* Where those since begin go, and how many there were before; NULL outside. */
	struct queued **mark;
	unsigned count_at_mark;
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	enum durability durability;
	bool open;   /* between begin and its end */
	bool broken; /* and something has failed since */
	bool failing;
	struct audit_queue queue;
	struct audit_head head; /* of what is on the disk */
};

/* --- schema.c --- */

/* Bring the schema up to date. 0 or -errno with a sentence in `error`. */
int schema_migrate(sqlite3 *db, char *error);

/* --- store.c --- */

/* Run a statement that yields no rows, its values bound. 0 or -EIO. A bind that has failed has left
 * a NULL, which the schema refuses. */
int store_run(struct store *store, enum statement statement);

/* Begin a transaction. 0 or -EIO. */
int store_start(struct store *store, enum durability durability);

/* Write what is queued, and commit. 0, or -EIO: nothing was changed. */
int store_finish(struct store *store);

/* --- audit.c --- */

/* A record as it is hashed, bound and read: the columns of the table in their order, but for the
 * hash, which is the last. */
enum { ROW_NUMBER, ROW_AT_MS, ROW_PEER_UID, ROW_REASONS, ROW_NUMBERS };
enum { ROW_ORGANISATION, ROW_ACTOR, ROW_ACTION, ROW_CALL, ROW_SUBJECT, ROW_DETAIL, ROW_TEXTS };

struct audit_row {
	int64_t numbers[ROW_NUMBERS];
	const char *texts[ROW_TEXTS];
	size_t sizes[ROW_TEXTS];
};

#define AUDIT_COLUMNS                                                                            \
	"number, at_ms, peer_uid, reasons, organisation, actor, action, call, subject, detail, " \
	"hash"

/* The hash of `row`, where `before` is that of the record before it. */
void audit_hash(
	const uint8_t *before, const struct audit_row *row, uint8_t hash[static STORE_HASH_SIZE]);

/* Learn the head from the disk. 0 or -EIO. */
int audit_init(struct store *store);
void audit_fini(struct store *store);

/* Insert all that is queued, inside a transaction. `head` is to be what audit_written() is told
 * once that is committed; until then, nothing here has changed. */
int audit_write(struct store *store, struct audit_head *head);
void audit_written(struct store *store, const struct audit_head *head);

/* Mark where the transaction's own records begin; drop those after the mark, if there is one. */
void audit_mark(struct store *store);
void audit_drop(struct store *store);

/* Number and hash in the row that AUDIT_HEAD or AUDIT_LAST finds. 1, 0 where there is none, or
 * -EIO. */
int audit_read_head(struct store *store, enum statement statement, struct audit_head *head);

#endif
