/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "store_fixture.h"

#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

char store_folder[64];
char store_path[80];
struct store *store;

int store_folder_create(void **state)
{
	(void)state;
	strcpy(store_folder, "/tmp/bridgetap-store-XXXXXX");
	if (mkdtemp(store_folder) == NULL)
		return -1;
	snprintf(store_path, sizeof(store_path), "%s/store.db", store_folder);
	return 0;
}

int store_folder_remove(void **state)
{
	DIR *folder = opendir(store_folder);
	const struct dirent *entry;

	(void)state;
	store_close(store);
	store = NULL;
	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder != NULL)
		closedir(folder);
	return rmdir(store_folder);
}

void store_reopen(void)
{
	char error[256] = "";

	store_close(store);
	store = store_open(store_path, error);
	assert_string_equal(error, "");
	assert_non_null(store);
}

void sql_run(const char *sql)
{
	char *error = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(store_path, &db), SQLITE_OK);
	sqlite3_exec(db, sql, NULL, NULL, &error);
	if (error != NULL)
		fail_msg("%s: %s", sql, error);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void audit_queue(unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		char call[32];
		const struct audit_record record = {
			.at_ms = 1700000000000 + i,
			.organisation = i % 2 == 0 ? "acme" : "bell",
			.actor = "sue",
			.peer_uid = 1000,
			.action = "join",
			.call = call,
			.subject = "ann",
			.detail = "whisper",
			.reasons = 1u << i % 32,
		};

		snprintf(call, sizeof(call), "call-%u", i);
		assert_int_equal(store_audit(store, &record), 0);
	}
}

static void append_record(void *arg, const char *organisation, const char *kind, const char *id,
	const uint8_t *body, size_t size)
{
	char *text = arg;
	size_t length = strlen(text);

	assert_non_null(body);
	snprintf(text + length, 1024 - length, "%s/%s/%s=%.*s;", organisation, kind, id, (int)size,
		(const char *)body);
}

void assert_records(const char *wanted)
{
	char text[1024] = "";
	const struct store_visitor visitor = { append_record, text };

	assert_int_equal(store_read(store, &visitor), 0);
	assert_string_equal(text, wanted);
}

int put(const char *organisation, const char *kind, const char *id, const char *body)
{
	return store_put(store, organisation, kind, id, body, strlen(body));
}

void put_alone(const char *organisation, const char *kind, const char *id, const char *body)
{
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(put(organisation, kind, id, body), 0);
	assert_int_equal(store_commit(store), 0);
}

void assert_audit_is(bool intact, uint64_t total)
{
	struct audit_verification v = { 0 };

	assert_int_equal(store_audit_verify(store, &v, UINT32_MAX), 0);
	assert_true(v.done);
	assert_int_equal(v.intact, intact);
	assert_int_equal(v.total, total);
}
