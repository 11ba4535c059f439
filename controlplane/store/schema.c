/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bridgetap/v1/directory.pb-c.h"
#include "store/internal.h"

/* --- version 1 to 2: settings become messages --- */

#define OLD_ORGANISATIONS "SELECT id, id, name FROM organisation"
#define OLD_USERS	  "SELECT organisation, id, name, role FROM user"
#define PUT_RECORD	  "INSERT INTO record (organisation, kind, id, body) VALUES (?, ?, ?, ?)"

static char *text_at(sqlite3_stmt *row, int column)
{
	return (char *)sqlite3_column_text(row, column);
}

/* Put what a row became, under the organisation and the id in its first two columns. */
static int put_message(sqlite3_stmt *put, sqlite3_stmt *row, const char *kind, const void *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *body = malloc(size + 1);
	int ret;

	if (body == NULL)
		return SQLITE_NOMEM;
	protobuf_c_message_pack(message, body);
	sqlite3_bind_text(put, 1, text_at(row, 0), -1, SQLITE_STATIC);
	sqlite3_bind_text(put, 2, kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(put, 3, text_at(row, 1), -1, SQLITE_STATIC);
	sqlite3_bind_blob64(put, 4, body, size, SQLITE_STATIC);
	sqlite3_step(put);
	ret = sqlite3_reset(put);
	free(body);
	return ret;
}

static int carry_organisation(sqlite3_stmt *put, sqlite3_stmt *row)
{
	Bridgetap__V1__Organisation message = BRIDGETAP__V1__ORGANISATION__INIT;

	message.id = text_at(row, 1);
	message.name = text_at(row, 2);
	return put_message(put, row, "organisation", &message);
}

static int carry_user(sqlite3_stmt *put, sqlite3_stmt *row)
{
	Bridgetap__V1__User message = BRIDGETAP__V1__USER__INIT;

	message.id = text_at(row, 1);
	message.name = text_at(row, 2);
	message.role = (Bridgetap__V1__UserRole)sqlite3_column_int(row, 3);
	return put_message(put, row, "user", &message);
}

static int carry_rows(sqlite3 *db, const char *from, int (*carry)(sqlite3_stmt *, sqlite3_stmt *))
{
	sqlite3_stmt *row = NULL;
	sqlite3_stmt *put = NULL;
	int ret = sqlite3_prepare_v2(db, from, -1, &row, NULL);

	if (ret == SQLITE_OK)
		ret = sqlite3_prepare_v2(db, PUT_RECORD, -1, &put, NULL);
	while (ret == SQLITE_OK && (ret = sqlite3_step(row)) == SQLITE_ROW)
		ret = carry(put, row);
	sqlite3_finalize(put);
	sqlite3_finalize(row);
	return ret == SQLITE_DONE ? SQLITE_OK : ret;
}

static int carry_settings(sqlite3 *db)
{
	int ret = carry_rows(db, OLD_ORGANISATIONS, carry_organisation);

	if (ret == SQLITE_OK)
		ret = carry_rows(db, OLD_USERS, carry_user);
	if (ret == SQLITE_OK)
		ret = sqlite3_exec(
			db, "DROP TABLE user; DROP TABLE organisation", NULL, NULL, NULL);
	return ret;
}

/* --- the steps --- */

/* Each takes the schema from one version to the next (PRAGMA user_version), in a transaction of its
 * own. Steps that were released are never changed. */
static const struct step {
	const char *sql;
	int (*carry)(sqlite3 *db); /* then; an SQLite result. Or NULL */
} steps[] = {
	{
		"CREATE TABLE organisation (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;"
		"CREATE TABLE user ("
		"  organisation TEXT NOT NULL REFERENCES organisation (id),"
		"  id TEXT NOT NULL, name TEXT NOT NULL, role INTEGER NOT NULL,"
		"  PRIMARY KEY (organisation, id)) STRICT, WITHOUT ROWID;",
		NULL,
	},
	{
		"CREATE TABLE record ("
		"  organisation TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,"
		"  body BLOB NOT NULL, PRIMARY KEY (organisation, kind, id)) STRICT, WITHOUT ROWID;"
		"CREATE TABLE audit ("
		"  number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, peer_uid INTEGER NOT NULL,"
		"  reasons INTEGER NOT NULL, organisation TEXT NOT NULL, actor TEXT NOT NULL,"
		"  action TEXT NOT NULL, call TEXT NOT NULL, subject TEXT NOT NULL,"
		"  detail TEXT NOT NULL, hash BLOB NOT NULL) STRICT;"
		/* An index ends with the row's number, so that this is enough to page with. */
		"CREATE INDEX audit_of_organisation ON audit (organisation);"
		"CREATE TABLE audit_head (one INTEGER PRIMARY KEY CHECK (one = 1),"
		"  number INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;"
		"INSERT INTO audit_head VALUES (1, 0, zeroblob(32));",
		carry_settings,
	},
};
#define SCHEMA_VERSION ((int)(sizeof(steps) / sizeof(steps[0])))

static int read_version(sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	int version = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
		sqlite3_step(statement) == SQLITE_ROW)
		version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return version;
}

static int take_step(sqlite3 *db, int version)
{
	const struct step *step = &steps[version];
	char pragma[64];
	int ret;

	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d; COMMIT", version + 1);
	ret = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (ret == SQLITE_OK)
		ret = sqlite3_exec(db, step->sql, NULL, NULL, NULL);
	if (ret == SQLITE_OK && step->carry != NULL)
		ret = step->carry(db);
	if (ret == SQLITE_OK)
		ret = sqlite3_exec(db, pragma, NULL, NULL, NULL);
	return ret;
}

int schema_migrate(sqlite3 *db, char *error)
{
	int version = read_version(db);

	if (version < 0) {
		snprintf(error, ERROR_SIZE, "its schema has no version");
		return -EINVAL;
	}
	if (version > SCHEMA_VERSION) {
		snprintf(error, ERROR_SIZE,
			"it was written by a newer release (schema %d, this one knows %d)", version,
			SCHEMA_VERSION);
		return -EINVAL;
	}
	for (; version < SCHEMA_VERSION; version++) {
		int ret = take_step(db, version);

		if (ret != SQLITE_OK) {
			snprintf(error, ERROR_SIZE, "schema %d cannot become schema %d: %s",
				version, version + 1, sqlite3_errstr(ret));
			if (!sqlite3_get_autocommit(db))
				sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
			return -EIO;
		}
	}
	return 0;
}
