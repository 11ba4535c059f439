/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failing_alloc.h"
#include "store_fixture.h"

#define RECORDS 10

static struct audit_verification verify_by(unsigned most)
{
	struct audit_verification v = { 0 };
	unsigned pieces = 0;

	while (!v.done) {
		assert_int_equal(store_audit_verify(store, &v, most), 0);
		assert_true(pieces++ <= v.total);
	}
	return v;
}

static void assert_intact(uint64_t total)
{
	struct audit_verification v = verify_by(3);

	if (!v.intact)
		fail_msg("%s", v.sentence);
	assert_int_equal(v.verified, total);
	assert_int_equal(v.total, total);
}

static void write_records(unsigned first, unsigned count)
{
	audit_queue(first, count);
	assert_int_equal(store_flush(store), 0);
}

/* --- alterations --- */

#define SET(change) "UPDATE audit SET " change " WHERE number = 4"

static const struct alteration {
	const char *sql;
	uint64_t found_at;
	bool unnoticed_when_reopened;
} alterations[] = {
	{ SET("at_ms = at_ms + 1"), 4, false },
	{ SET("organisation = 'acm'"), 4, false },
	{ SET("actor = ''"), 4, false },
	{ SET("peer_uid = -1"), 4, false },
	{ SET("action = 'Join'"), 4, false },
	{ SET("call = call || ' '"), 4, false },
	{ SET("subject = 'sue', actor = 'ann'"), 4, false },
	{ SET("detail = 'listen'"), 4, false },
	{ SET("reasons = 0"), 4, false },
	/* What would look the same to readers, or in an encoding without lengths. */
	{ SET("reasons = reasons + 4294967296"), 4, false },
	{ SET("detail = detail || char(0) || 'x'"), 4, false },
	{ SET("actor = 'su', action = 'ejoin'"), 4, false },
	{ SET("hash = zeroblob(32)"), 4, false },
	{ SET("hash = substr(hash, 1, 31)"), 4, false },
	{ SET("hash = CAST(hash || x'00' AS BLOB)"), 4, false },
	{ "UPDATE audit SET hash = zeroblob(32) WHERE number = 10", 10, false },
	{ "UPDATE audit SET detail = '' WHERE number = 1", 1, false },
	{ "DELETE FROM audit WHERE number = 5", 5, false },
	{ "DELETE FROM audit WHERE number = 1", 1, false },
	{ "DELETE FROM audit WHERE number = 10", 10, false },
	{ "DELETE FROM audit WHERE number > 8", 9, false },
	{ "DELETE FROM audit", 1, false },
	{ "UPDATE audit SET number = 99 WHERE number = 3; UPDATE audit SET number = 3 WHERE "
	  "number = 4; UPDATE audit SET number = 4 WHERE number = 99",
		3, false },
	{ "UPDATE audit SET number = 11 WHERE number = 5", 5, false },
	{ "UPDATE audit SET number = number - 1", 1, false },
	{ "INSERT INTO audit SELECT 11, at_ms, peer_uid, reasons, organisation, actor, action, "
	  "call, subject, detail, hash FROM audit WHERE number = 10",
		11, false },
	{ "INSERT INTO audit SELECT -7, at_ms, peer_uid, reasons, organisation, actor, action, "
	  "call, subject, detail, hash FROM audit WHERE number = 10",
		1, false },
	{ "UPDATE audit_head SET hash = zeroblob(32)", 10, false },
	{ "UPDATE audit_head SET number = 9", 10, false },
	{ "DELETE FROM audit_head", 10, false },
	/* Only who has kept the head elsewhere, as the running process has, can know this. */
	{ "DELETE FROM audit WHERE number = 10; UPDATE audit_head SET number = 9,"
	  " hash = (SELECT hash FROM audit WHERE number = 9)",
		10, true },
};

static void assert_found(const struct alteration *alteration)
{
	struct audit_verification v = verify_by(3);
	char number[24];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)alteration->found_at);
	if (v.intact || v.broken_at != alteration->found_at || strstr(v.sentence, number) == NULL)
		fail_msg("%s: found at %llu: %s", alteration->sql, (unsigned long long)v.broken_at,
			v.sentence);
}

static void every_alteration_is_found(void **state)
{
	for (size_t i = 0; i < COUNT_OF(alterations); i++) {
		const struct alteration *alteration = &alterations[i];

		store_reopen();
		write_records(0, RECORDS);
		assert_intact(RECORDS);
		sql_run(alteration->sql);
		assert_found(alteration);
		store_reopen();
		if (!alteration->unnoticed_when_reopened)
			assert_found(alteration);
		assert_int_equal(store_folder_remove(state), 0);
		assert_int_equal(store_folder_create(state), 0);
	}
}

/* Writing goes on over an alteration, and does not hide it. */
static void an_alteration_is_found_after_more_was_written(void **state)
{
	(void)state;
	store_reopen();
	write_records(0, RECORDS);
	sql_run("DELETE FROM audit WHERE number = 10");
	store_reopen();
	write_records(10, 5);
	assert_int_equal(verify_by(100).broken_at, 10);
}

/* A last record that is right by itself, but another one: only the head tells. */
static void a_forged_last_record_is_found(void **state)
{
	char attach[256];
	char other[100];

	(void)state;
	store_reopen();
	write_records(0, RECORDS - 1);
	write_records(77, 1);
	store_close(store);
	store = NULL;
	snprintf(other, sizeof(other), "%s/other.db", store_folder);
	assert_int_equal(rename(store_path, other), 0);

	store_reopen();
	write_records(0, RECORDS);
	snprintf(attach, sizeof(attach),
		"ATTACH '%s' AS other; REPLACE INTO audit SELECT * FROM other.audit"
		" WHERE number = 10",
		other);
	sql_run(attach);
	assert_int_equal(verify_by(100).broken_at, 10);
	store_reopen();
	assert_int_equal(verify_by(100).broken_at, 10);
}

/* --- the chain --- */

static void an_audit_verifies_in_pieces_of_any_size(void **state)
{
	(void)state;
	store_reopen();
	assert_intact(0);
	write_records(0, 1);
	assert_intact(1);
	write_records(1, 99);
	for (unsigned most = 1; most <= 101; most += 20)
		assert_true(verify_by(most).intact);
	store_reopen();
	assert_intact(100);
}

static void records_written_meanwhile_do_not_disturb_a_verification(void **state)
{
	struct audit_verification v = { 0 };

	(void)state;
	store_reopen();
	write_records(0, RECORDS);
	assert_int_equal(store_audit_verify(store, &v, 4), 0);
	write_records(10, 5);
	assert_int_equal(store_audit_verify(store, &v, 4), 0);
	assert_false(v.done);
	assert_int_equal(store_audit_verify(store, &v, 4), 0);
	assert_true(v.done);
	assert_true(v.intact);
	assert_int_equal(v.verified, RECORDS);
	assert_intact(15);
}

/* --- reading --- */

static void append_number(void *arg, const struct audit_record *record)
{
	char *text = arg;

	sprintf(text + strlen(text), "%llu ", (unsigned long long)record->number);
}

static void assert_page(bool after, const char *organisation, uint64_t bound, const char *wanted)
{
	char text[256] = "";

	assert_int_equal((after ? store_audit_after : store_audit_before)(
				 store, organisation, bound, 3, append_number, text),
		0);
	assert_string_equal(text, wanted);
}

static void pages_go_both_ways_and_by_organisation(void **state)
{
	(void)state;
	store_reopen();
	write_records(0, RECORDS);
	assert_page(true, "", 0, "1 2 3 ");
	assert_page(true, "", 3, "4 5 6 ");
	assert_page(true, "", 9, "10 ");
	assert_page(true, "", 10, "");
	assert_page(true, "", UINT64_MAX, "");
	assert_page(false, "", UINT64_MAX, "10 9 8 ");
	assert_page(false, "", 8, "7 6 5 ");
	assert_page(false, "", 2, "1 ");
	assert_page(false, "", 1, "");
	assert_page(false, "", 0, "");
	assert_page(true, "acme", 0, "1 3 5 ");
	assert_page(true, "acme", 5, "7 9 ");
	assert_page(true, "bell", 2, "4 6 8 ");
	assert_page(false, "bell", UINT64_MAX, "10 8 6 ");
	assert_page(false, "bell", 4, "2 ");
	assert_page(false, "nobody", UINT64_MAX, "");
}

static void compare_record(void *arg, const struct audit_record *record)
{
	static const uint8_t nothing[STORE_HASH_SIZE];
	const struct audit_record *wanted = arg;

	assert_int_equal(record->number, 1);
	assert_int_equal(record->at_ms, wanted->at_ms);
	assert_string_equal(record->organisation, wanted->organisation);
	assert_string_equal(record->actor, wanted->actor);
	assert_int_equal(record->peer_uid, wanted->peer_uid);
	assert_string_equal(record->action, wanted->action);
	assert_string_equal(record->call, wanted->call);
	assert_string_equal(record->subject, wanted->subject);
	assert_string_equal(record->detail, wanted->detail);
	assert_int_equal(record->reasons, wanted->reasons);
	assert_memory_not_equal(record->hash, nothing, sizeof(nothing));
}

static void a_record_is_read_as_it_was_queued(void **state)
{
	char detail[] = "caf\xc3\xa9 \xff";
	struct audit_record record = { .at_ms = UINT64_MAX,
		.organisation = "acme",
		.actor = "",
		.peer_uid = -1,
		.action = "join",
		.call = "c1",
		.subject = "ann's",
		.detail = detail,
		.reasons = UINT32_MAX };

	(void)state;
	store_reopen();
	assert_int_equal(store_audit(store, &record), 0);
	memset(detail, 'x', sizeof(detail) - 1);
	assert_int_equal(store_flush(store), 0);
	record.detail = "caf\xc3\xa9 \xff";
	assert_int_equal(store_audit_after(store, "", 0, 1, compare_record, &record), 0);
	assert_intact(1);
}

/* --- the queue --- */

static void queued_records_go_with_a_commit_and_with_closing(void **state)
{
	(void)state;
	store_reopen();
	audit_queue(0, 2);
	assert_true(store_has_queued(store));
	assert_int_equal(store_begin(store), 0);
	audit_queue(2, 2);
	assert_int_equal(store_commit(store), 0);
	assert_false(store_has_queued(store));
	assert_intact(4);
	audit_queue(4, 3);
	store_reopen();
	assert_intact(7);
	assert_page(false, "", UINT64_MAX, "7 6 5 ");
}

static void a_change_that_is_rolled_back_leaves_no_record_of_itself(void **state)
{
	(void)state;
	store_reopen();
	audit_queue(0, 2);
	assert_int_equal(store_begin(store), 0);
	audit_queue(2, 3);
	store_roll_back(store);
	assert_true(store_has_queued(store));
	audit_queue(2, 1);
	assert_int_equal(store_flush(store), 0);
	assert_intact(3);
	assert_int_equal(store_begin(store), 0);
	audit_queue(3, 1);
	store_roll_back(store);
	assert_false(store_has_queued(store));
	assert_intact(3);
}

static const struct audit_record plain = { .organisation = "acme",
	.actor = "sue",
	.action = "join",
	.call = "",
	.subject = "",
	.detail = "" };

static void a_full_queue_refuses_while_the_audit_cannot_be_written(void **state)
{
	(void)state;
	store_reopen();
	sql_run("ALTER TABLE audit RENAME TO elsewhere");
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(store_audit(store, &plain), 0);
	assert_int_equal(store_audit(store, &plain), -ENOSPC);
	assert_true(store_is_failing(store));
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_audit(store, &plain), -ENOSPC);
	assert_int_equal(store_put(store, "acme", "user", "ann", "", 0), -EIO);
	assert_int_equal(store_commit(store), -EIO);
	sql_run("ALTER TABLE elsewhere RENAME TO audit");
	assert_int_equal(store_flush(store), 0);
	assert_int_equal(verify_by(UINT32_MAX).verified, 100000);
	assert_int_equal(store_audit(store, &plain), 0);
}

static void a_full_queue_is_written_where_that_is_possible(void **state)
{
	(void)state;
	store_reopen();
	for (unsigned i = 0; i < 100001; i++)
		assert_int_equal(store_audit(store, &plain), 0);
	assert_int_equal(verify_by(UINT32_MAX).total, 100000);
}

static void without_memory_for_a_record_nothing_that_needs_it_is_done(void **state)
{
	(void)state;
	store_reopen();
	assert_int_equal(store_begin(store), 0);
	alloc_fail_nth(0);
	assert_int_equal(store_audit(store, &plain), -ENOSPC);
	assert_true(alloc_succeed());
	assert_int_equal(store_commit(store), -EIO);
	assert_intact(0);
	write_records(0, 1);
	assert_intact(1);
}

int main(void)
{
#define AUDIT_TEST(name) \
	cmocka_unit_test_setup_teardown(name, store_folder_create, store_folder_remove)
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(every_alteration_is_found),
		AUDIT_TEST(an_alteration_is_found_after_more_was_written),
		AUDIT_TEST(a_forged_last_record_is_found),
		AUDIT_TEST(an_audit_verifies_in_pieces_of_any_size),
		AUDIT_TEST(records_written_meanwhile_do_not_disturb_a_verification),
		AUDIT_TEST(pages_go_both_ways_and_by_organisation),
		AUDIT_TEST(a_record_is_read_as_it_was_queued),
		AUDIT_TEST(queued_records_go_with_a_commit_and_with_closing),
		AUDIT_TEST(a_change_that_is_rolled_back_leaves_no_record_of_itself),
		AUDIT_TEST(a_full_queue_refuses_while_the_audit_cannot_be_written),
		AUDIT_TEST(a_full_queue_is_written_where_that_is_possible),
		AUDIT_TEST(without_memory_for_a_record_nothing_that_needs_it_is_done),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
