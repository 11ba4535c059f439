/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "bridgetap/v1/directory.pb-c.h"
#include "store_fixture.h"

/* --- settings --- */

static void records_survive_reopening_in_order(void **state)
{
	(void)state;
	store_reopen();
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(put("bell", "user", "bob", "1"), 0);
	assert_int_equal(put("acme", "user", "sue", "2"), 0);
	assert_int_equal(put("acme", "user", "ann", "3"), 0);
	assert_int_equal(put("acme", "group", "zoo", "4"), 0);
	assert_int_equal(put("acme", "user", "sue", "5"), 0);
	assert_int_equal(store_commit(store), 0);
	store_reopen();
	assert_records("acme/group/zoo=4;acme/user/ann=3;acme/user/sue=5;bell/user/bob=1;");
}

static void an_empty_body_is_kept(void **state)
{
	(void)state;
	store_reopen();
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put(store, "acme", "off", "", NULL, 0), 0);
	assert_int_equal(store_commit(store), 0);
	store_reopen();
	assert_records("acme/off/=;");
}

static void what_is_deleted_is_gone_and_nothing_else(void **state)
{
	(void)state;
	store_reopen();
	put_alone("acme", "user", "ann", "1");
	put_alone("acme", "user", "sue", "2");
	put_alone("acme", "group", "sue", "3");
	put_alone("bell", "user", "sue", "4");
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_delete(store, "acme", "user", "sue"), 0);
	assert_int_equal(store_delete(store, "acme", "user", "nobody"), 0);
	assert_int_equal(store_commit(store), 0);
	assert_records("acme/group/sue=3;acme/user/ann=1;bell/user/sue=4;");
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_delete_organisation(store, "acme"), 0);
	assert_int_equal(store_commit(store), 0);
	store_reopen();
	assert_records("bell/user/sue=4;");
}

static void what_is_not_committed_is_gone(void **state)
{
	(void)state;
	store_reopen();
	put_alone("acme", "user", "ann", "1");
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(put("acme", "user", "ann", "2"), 0);
	store_roll_back(store);
	assert_records("acme/user/ann=1;");
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_delete_organisation(store, "acme"), 0);
	store_reopen();
	assert_records("acme/user/ann=1;");
	/* Outside of a transaction nothing is changed at all. */
	assert_int_equal(put("acme", "user", "ann", "3"), -EIO);
	assert_int_equal(store_commit(store), -EIO);
	assert_records("acme/user/ann=1;");
}

static void a_transaction_inside_another_refuses_both(void **state)
{
	(void)state;
	store_reopen();
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(put("acme", "user", "ann", "1"), 0);
	assert_int_equal(store_flush(store), -EIO);
	assert_int_equal(store_begin(store), -EIO);
	assert_int_equal(put("acme", "user", "sue", "1"), -EIO);
	assert_int_equal(store_commit(store), -EIO);
	assert_records("");
	put_alone("acme", "user", "ann", "2");
	assert_records("acme/user/ann=2;");
}

static void where_somebody_has_locked_it_nothing_can_begin(void **state)
{
	sqlite3 *other;

	(void)state;
	store_reopen();
	assert_int_equal(sqlite3_open(store_path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_begin(store), -EIO);
	assert_true(store_is_failing(store));
	assert_int_equal(put("acme", "user", "ann", "1"), -EIO);
	audit_queue(0, 1);
	assert_int_equal(store_commit(store), -EIO);
	assert_false(store_has_queued(store));
	/* Who leaves it at that has queued for something else. */
	assert_int_equal(store_begin(store), -EIO);
	audit_queue(0, 1);
	assert_int_equal(store_flush(store), -EIO);
	assert_true(store_has_queued(store));
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	store_reopen();
	assert_records("");
	assert_audit_is(true, 1);
}

/* --- the schema --- */

static const char version_1[] =
	"CREATE TABLE organisation (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;"
	"CREATE TABLE user ("
	"  organisation TEXT NOT NULL REFERENCES organisation (id),"
	"  id TEXT NOT NULL, name TEXT NOT NULL, role INTEGER NOT NULL,"
	"  PRIMARY KEY (organisation, id)) STRICT, WITHOUT ROWID;"
	"PRAGMA user_version = 1;"
	"INSERT INTO organisation VALUES ('acme', 'Acme Ltd'), ('bell', '');"
	"INSERT INTO user VALUES ('acme', 'sue', 'Sue', 2), ('bell', 'ann', 'Ann', 1);";

static void append_message(void *arg, const char *organisation, const char *kind, const char *id,
	const uint8_t *body, size_t size)
{
	char *text = arg;
	size_t length = strlen(text);

	if (strcmp(kind, "user") == 0) {
		Bridgetap__V1__User *user = bridgetap__v1__user__unpack(NULL, size, body);

		assert_string_equal(user->id, id);
		snprintf(text + length, 1024 - length, "%s/%s: %s %d;", organisation, id,
			user->name, (int)user->role);
		bridgetap__v1__user__free_unpacked(user, NULL);
	} else {
		Bridgetap__V1__Organisation *message =
			bridgetap__v1__organisation__unpack(NULL, size, body);

		assert_string_equal(kind, "organisation");
		assert_string_equal(organisation, id);
		assert_string_equal(message->id, id);
		snprintf(text + length, 1024 - length, "%s: %s;", id, message->name);
		bridgetap__v1__organisation__free_unpacked(message, NULL);
	}
}

static void a_version_1_database_migrates(void **state)
{
	char text[1024] = "";
	const struct store_visitor visitor = { append_message, text };

	(void)state;
	sql_run(version_1);
	store_reopen();
	store_reopen();
	assert_int_equal(store_read(store, &visitor), 0);
	assert_string_equal(text, "acme: Acme Ltd;acme/sue: Sue 2;bell: ;bell/ann: Ann 1;");
	/* The old tables are gone, so their names are free. */
	sql_run("CREATE TABLE organisation (id); CREATE TABLE user (id)");
}

static void assert_refused(const char *word)
{
	char error[256] = "";

	assert_null(store_open(store_path, error));
	if (strstr(error, word) == NULL)
		fail_msg("\"%s\" is not in: %s", word, error);
}

static void a_migration_that_fails_changes_nothing(void **state)
{
	(void)state;
	sql_run(version_1);
	sql_run("CREATE TABLE audit (in_the_way)");
	assert_refused("schema 1 cannot become schema 2");
	sql_run("DROP TABLE audit; SELECT * FROM user, organisation");
	store_reopen();
}

static void what_it_cannot_read_is_refused(void **state)
{
	int file;

	(void)state;
	sql_run("PRAGMA user_version = 3");
	assert_refused("newer release (schema 3, this one knows 2)");
	sql_run("PRAGMA user_version = -1");
	assert_refused("no version");
	file = open(store_path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(file, store_folder, sizeof(store_folder)), sizeof(store_folder));
	assert_int_equal(write(file, version_1, sizeof(version_1)), sizeof(version_1));
	close(file);
	assert_refused("not a database");
	strcpy(store_path, "/nowhere/store.db");
	assert_refused("unable to open");
}

/* --- crashes --- */

/* Do it in a process of its own, which then ends without closing the store. */
static void crash_after(void (*work)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		char error[256];

		store = store_open(store_path, error);
		if (store == NULL)
			_exit(1);
		work();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void commit_and_flush_then_begin(void)
{
	audit_queue(0, 3);
	put_alone("acme", "user", "ann", "1");
	audit_queue(3, 2);
	if (store_flush(store) < 0)
		_exit(2);
	audit_queue(5, 1);
	if (store_begin(store) < 0 || put("acme", "user", "ann", "2") < 0)
		_exit(3);
}

static void a_crash_loses_nothing_that_was_committed(void **state)
{
	(void)state;
	crash_after(commit_and_flush_then_begin);
	store_reopen();
	assert_records("acme/user/ann=1;");
	assert_audit_is(true, 5);
	audit_queue(5, 1);
	assert_int_equal(store_flush(store), 0);
	assert_audit_is(true, 6);
}

int main(void)
{
#define STORE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, store_folder_create, store_folder_remove)
	const struct CMUnitTest tests[] = {
		STORE_TEST(records_survive_reopening_in_order),
		STORE_TEST(an_empty_body_is_kept),
		STORE_TEST(what_is_deleted_is_gone_and_nothing_else),
		STORE_TEST(what_is_not_committed_is_gone),
		STORE_TEST(a_transaction_inside_another_refuses_both),
		STORE_TEST(where_somebody_has_locked_it_nothing_can_begin),
		STORE_TEST(a_version_1_database_migrates),
		STORE_TEST(a_migration_that_fails_changes_nothing),
		STORE_TEST(what_it_cannot_read_is_refused),
		STORE_TEST(a_crash_loses_nothing_that_was_committed),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
