/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "log.h"
#include "store/internal.h"

/* How long to wait where somebody else has locked the database: a process before this one that has
 * not quite ended, or, later, an operator who looks into it, for whom no call may have to wait. */
#define OPEN_PATIENCE_MS 2000
#define PATIENCE_MS	 100

#define SELECT_AUDIT "SELECT " AUDIT_COLUMNS " FROM audit WHERE "

static const char *const sql[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLL_BACK] = "ROLLBACK",
	[PUT] = "INSERT INTO record (organisation, kind, id, body) VALUES (?, ?, ?, ?)"
		" ON CONFLICT DO UPDATE SET body = excluded.body",
	[DELETE] = "DELETE FROM record WHERE organisation = ? AND kind = ? AND id = ?",
	[DELETE_ORGANISATION] = "DELETE FROM record WHERE organisation = ?",
	[READ] = "SELECT organisation, kind, id, body FROM record ORDER BY organisation, kind, id",
	[AUDIT_INSERT] =
		"INSERT INTO audit (" AUDIT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[AUDIT_SET_HEAD] = "UPDATE audit_head SET number = ?, hash = ?",
	[AUDIT_TOUCH_HEAD] = "UPDATE audit_head SET number = -1",
	[AUDIT_HEAD] = "SELECT number, hash FROM audit_head",
	[AUDIT_LAST] = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1",
	[AUDIT_AFTER] = SELECT_AUDIT "number > ? ORDER BY number LIMIT ?",
	[AUDIT_BEFORE] = SELECT_AUDIT "number < ? ORDER BY number DESC LIMIT ?",
	[AUDIT_AFTER_OF] = SELECT_AUDIT "number > ? AND organisation = ?3 ORDER BY number LIMIT ?2",
	[AUDIT_BEFORE_OF] =
		SELECT_AUDIT "number < ? AND organisation = ?3 ORDER BY number DESC LIMIT ?2",
};

/* --- life --- */

static int open_database(struct store *store, const char *path)
{
	sqlite3_stmt *statement = NULL;
	int ret = sqlite3_open(path, &store->db);

	if (ret == SQLITE_OK)
		ret = sqlite3_busy_timeout(store->db, OPEN_PATIENCE_MS);
	if (ret == SQLITE_OK)
		ret = sqlite3_prepare_v2(
			store->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
	if (ret == SQLITE_OK)
		ret = sqlite3_step(statement);
	/* Where WAL is not possible, this is no error: the answer names another mode. */
	if (ret == SQLITE_ROW)
		ret = strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0
			      ? SQLITE_OK
			      : SQLITE_IOERR;
	sqlite3_finalize(statement);
	return ret;
}

static int prepare_statements(struct store *store)
{
	int ret = SQLITE_OK;

	for (unsigned i = 0; i < STATEMENTS && ret == SQLITE_OK; i++)
		ret = sqlite3_prepare_v3(store->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
			&store->statements[i], NULL);
	return ret;
}

static void close_database(struct store *store)
{
	for (unsigned i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_close(store->db);
	free(store);
}

struct store *store_open(const char *path, char *error)
{
	struct store *store = calloc(1, sizeof(*store));
	int ret;

	if (store == NULL) {
		snprintf(error, ERROR_SIZE, "out of memory");
		return NULL;
	}
	ret = open_database(store, path);
	if (ret != SQLITE_OK) {
		snprintf(error, ERROR_SIZE, "%s", sqlite3_errstr(ret));
		goto fail;
	}
	if (schema_migrate(store->db, error) < 0)
		goto fail;
	if (prepare_statements(store) != SQLITE_OK || audit_init(store) < 0) {
		snprintf(error, ERROR_SIZE, "%s", sqlite3_errmsg(store->db));
		goto fail;
	}
	sqlite3_busy_timeout(store->db, PATIENCE_MS);
	return store;

fail:
	close_database(store);
	return NULL;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	if (store->open)
		store_roll_back(store);
	if (store_flush(store) < 0)
		log_line(LOG_ERR, "%u records of the audit were never written", store->queue.count);
	audit_fini(store);
	close_database(store);
}

/* --- transactions --- */

/* Whatever is retried may fail for hours: it is logged when that begins and when it ends. */
static int fail(struct store *store)
{
	if (!store->failing)
		log_line(LOG_ERR, "the store cannot be written: %s", sqlite3_errmsg(store->db));
	store->failing = true;
	store->broken = true;
	return -EIO;
}

int store_run(struct store *store, enum statement statement)
{
	int ret = sqlite3_step(store->statements[statement]);

	if (ret != SQLITE_DONE)
		fail(store);
	sqlite3_reset(store->statements[statement]);
	return ret == SQLITE_DONE ? 0 : -EIO;
}

/* A full disk makes SQLite roll back by itself at times. */
static void abandon(struct store *store)
{
	if (!sqlite3_get_autocommit(store->db))
		store_run(store, ROLL_BACK);
	store->open = false;
}

/* In WAL, NORMAL leaves it to the next checkpoint, or to the kernel, to sync what was committed. */
static int set_durability(struct store *store, enum durability durability)
{
	const char *pragma = durability == DURABLE_AT_ONCE ? "PRAGMA synchronous = FULL"
							   : "PRAGMA synchronous = NORMAL";

	if (store->durability == durability)
		return 0;
	if (sqlite3_exec(store->db, pragma, NULL, NULL, NULL) != SQLITE_OK)
		return fail(store);
	store->durability = durability;
	return 0;
}

int store_start(struct store *store, enum durability durability)
{
	store->broken = false;
	if (set_durability(store, durability) < 0 || store_run(store, BEGIN) < 0) {
		abandon(store);
		return -EIO;
	}
	store->open = true;
	return 0;
}

int store_finish(struct store *store)
{
	struct audit_head head;

	if (store->broken || audit_write(store, &head) < 0 || store_run(store, COMMIT) < 0) {
		abandon(store);
		return -EIO;
	}
	store->open = false;
	audit_written(store, &head);
	if (store->failing)
		log_line(LOG_INFO, "the store can be written again");
	store->failing = false;
	return 0;
}

int store_begin(struct store *store)
{
	if (store->open) {
		log_line(LOG_ERR, "a change of the store began inside another: both are refused");
		store->broken = true;
		return -EIO;
	}
	audit_mark(store);
	return store_start(store, DURABLE_AT_ONCE);
}

int store_commit(struct store *store)
{
	int ret = store->open ? store_finish(store) : -EIO;

	/* After a success there is nothing left of it. */
	audit_drop(store);
	return ret;
}

void store_roll_back(struct store *store)
{
	if (store->open)
		abandon(store);
	audit_drop(store);
}

bool store_is_failing(const struct store *store)
{
	return store->failing;
}

/* --- settings --- */

static void bind_texts(sqlite3_stmt *statement, const char *const *texts, int count)
{
	for (int i = 0; i < count; i++)
		sqlite3_bind_text(statement, i + 1, texts[i], -1, SQLITE_STATIC);
}

/* Outside of a transaction, each would be one of its own. */
static int change(struct store *store, enum statement statement)
{
	if (!store->open || store->broken)
		return -EIO;
	return store_run(store, statement);
}

int store_put(struct store *store, const char *organisation, const char *kind, const char *id,
	const void *body, size_t size)
{
	sqlite3_stmt *put = store->statements[PUT];

	bind_texts(put, (const char *const[]){ organisation, kind, id }, 3);
	/* No address would be NULL, which is not the same as nothing. */
	sqlite3_bind_blob64(put, 4, size > 0 ? body : "", size, SQLITE_STATIC);
	return change(store, PUT);
}

int store_delete(struct store *store, const char *organisation, const char *kind, const char *id)
{
	bind_texts(store->statements[DELETE], (const char *const[]){ organisation, kind, id }, 3);
	return change(store, DELETE);
}

int store_delete_organisation(struct store *store, const char *organisation)
{
	bind_texts(store->statements[DELETE_ORGANISATION], &organisation, 1);
	return change(store, DELETE_ORGANISATION);
}

static const char *text_at(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text != NULL ? text : "";
}

int store_read(struct store *store, const struct store_visitor *visitor)
{
	sqlite3_stmt *row = store->statements[READ];
	int ret;

	while ((ret = sqlite3_step(row)) == SQLITE_ROW) {
		const void *body = sqlite3_column_blob(row, 3);

		visitor->record(visitor->arg, text_at(row, 0), text_at(row, 1), text_at(row, 2),
			body != NULL ? body : "", (size_t)sqlite3_column_bytes(row, 3));
	}
	if (ret != SQLITE_DONE)
		log_line(LOG_ERR, "the store cannot be read: %s", sqlite3_errmsg(store->db));
	sqlite3_reset(row);
	return ret == SQLITE_DONE ? 0 : -EIO;
}
