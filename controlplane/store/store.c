/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include <sqlite3.h>

#include "log.h"

#define ERROR_SIZE 256

/* Each step takes the schema from one version to the next (PRAGMA user_version). Steps that were
 * released are never changed. */
static const char *const steps[] = {
	"CREATE TABLE organisation (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;"
	"CREATE TABLE user ("
	"  organisation TEXT NOT NULL REFERENCES organisation (id),"
	"  id TEXT NOT NULL, name TEXT NOT NULL, role INTEGER NOT NULL,"
	"  PRIMARY KEY (organisation, id)) STRICT, WITHOUT ROWID;",
};
#define SCHEMA_VERSION ((int)(sizeof(steps) / sizeof(steps[0])))

struct store {
	sqlite3 *db;
};

/* --- statements --- */

/* Prepare `sql` and bind `count` texts, then, if it is not negative, a number. */
static sqlite3_stmt *prepare(
	struct store *store, const char *sql, const char *const *texts, int count, int number)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
		return NULL;
	for (int i = 0; i < count; i++)
		sqlite3_bind_text(statement, i + 1, texts[i], -1, SQLITE_TRANSIENT);
	if (number >= 0)
		sqlite3_bind_int(statement, count + 1, number);
	return statement;
}

static int run(
	struct store *store, const char *sql, const char *const *texts, int count, int number)
{
	sqlite3_stmt *statement = prepare(store, sql, texts, count, number);
	int ret = statement != NULL ? sqlite3_step(statement) : SQLITE_ERROR;

	sqlite3_finalize(statement);
	if (ret == SQLITE_DONE)
		return 0;
	log_line(LOG_ERR, "the store refused a change: %s", sqlite3_errmsg(store->db));
	return -EIO;
}

static int read_version(struct store *store)
{
	sqlite3_stmt *statement = prepare(store, "PRAGMA user_version", NULL, 0, -1);
	int version = -1;

	if (statement != NULL && sqlite3_step(statement) == SQLITE_ROW)
		version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return version;
}

/* --- life --- */

static int migrate(struct store *store, char *error)
{
	int version = read_version(store);

	if (version > SCHEMA_VERSION) {
		snprintf(error, ERROR_SIZE,
			"it was written by a newer release (schema %d, this one knows %d)", version,
			SCHEMA_VERSION);
		return -EINVAL;
	}
	for (; version >= 0 && version < SCHEMA_VERSION; version++) {
		char pragma[64];

		snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d; COMMIT", version + 1);
		if (sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
			sqlite3_exec(store->db, steps[version], NULL, NULL, NULL) != SQLITE_OK ||
			sqlite3_exec(store->db, pragma, NULL, NULL, NULL) != SQLITE_OK) {
			snprintf(error, ERROR_SIZE, "%s", sqlite3_errmsg(store->db));
			return -EIO;
		}
	}
	return 0;
}

struct store *store_open(const char *path, char *error)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store == NULL) {
		snprintf(error, ERROR_SIZE, "out of memory");
		return NULL;
	}
	if (sqlite3_open(path, &store->db) != SQLITE_OK ||
		sqlite3_exec(store->db,
			"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			"PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000",
			NULL, NULL, NULL) != SQLITE_OK) {
		snprintf(error, ERROR_SIZE, "%s", sqlite3_errmsg(store->db));
		store_close(store);
		return NULL;
	}
	if (migrate(store, error) < 0) {
		store_close(store);
		return NULL;
	}
	return store;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	sqlite3_close(store->db);
	free(store);
}

/* --- settings --- */

int store_put_organisation(struct store *store, const char *id, const char *name)
{
	return run(store,
		"INSERT INTO organisation (id, name) VALUES (?, ?)"
		" ON CONFLICT (id) DO UPDATE SET name = excluded.name",
		(const char *const[]){ id, name }, 2, -1);
}

int store_put_user(
	struct store *store, const char *organisation, const char *id, const char *name, int role)
{
	return run(store,
		"INSERT INTO user (organisation, id, name, role) VALUES (?, ?, ?, ?)"
		" ON CONFLICT DO UPDATE SET name = excluded.name, role = excluded.role",
		(const char *const[]){ organisation, id, name }, 3, role);
}

int store_delete_user(struct store *store, const char *organisation, const char *id)
{
	return run(store, "DELETE FROM user WHERE organisation = ? AND id = ?",
		(const char *const[]){ organisation, id }, 2, -1);
}

static const char *text(sqlite3_stmt *statement, int column)
{
	const char *value = (const char *)sqlite3_column_text(statement, column);

	return value != NULL ? value : "";
}

int store_read(struct store *store, const struct store_visitor *visitor)
{
	sqlite3_stmt *statement = prepare(store, "SELECT id, name FROM organisation", NULL, 0, -1);
	int ret = SQLITE_ERROR;

	while (statement != NULL && (ret = sqlite3_step(statement)) == SQLITE_ROW)
		visitor->organisation(visitor->arg, text(statement, 0), text(statement, 1));
	sqlite3_finalize(statement);
	if (ret != SQLITE_DONE)
		return -EIO;
	statement = prepare(store, "SELECT organisation, id, name, role FROM user", NULL, 0, -1);
	while (statement != NULL && (ret = sqlite3_step(statement)) == SQLITE_ROW)
		visitor->user(visitor->arg, text(statement, 0), text(statement, 1),
			text(statement, 2), sqlite3_column_int(statement, 3));
	sqlite3_finalize(statement);
	return ret == SQLITE_DONE ? 0 : -EIO;
}
