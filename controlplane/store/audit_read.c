/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "log.h"
#include "store/internal.h"

#define HASH_COLUMN (ROW_NUMBERS + ROW_TEXTS)

static int fail(struct store *store)
{
	log_line(LOG_ERR, "the audit cannot be read: %s", sqlite3_errmsg(store->db));
	return -EIO;
}

/* Texts by their sizes on the disk, so that nothing hides behind a zero byte. False where memory
 * has run out. */
static bool read_row(sqlite3_stmt *statement, struct audit_row *row)
{
	int column = 0;

	for (unsigned i = 0; i < ROW_NUMBERS; i++)
		row->numbers[i] = sqlite3_column_int64(statement, column++);
	for (unsigned i = 0; i < ROW_TEXTS; i++, column++) {
		row->texts[i] = (const char *)sqlite3_column_text(statement, column);
		row->sizes[i] = (size_t)sqlite3_column_bytes(statement, column);
		if (row->texts[i] == NULL)
			return false;
	}
	return true;
}

/* --- pages --- */

static bool visit_row(sqlite3_stmt *statement, store_audit_fn *visit, void *arg)
{
	struct audit_record record;
	struct audit_row row;

	if (!read_row(statement, &row))
		return false;
	record = (struct audit_record){
		.number = (uint64_t)row.numbers[ROW_NUMBER],
		.at_ms = (uint64_t)row.numbers[ROW_AT_MS],
		.organisation = row.texts[ROW_ORGANISATION],
		.actor = row.texts[ROW_ACTOR],
		.peer_uid = row.numbers[ROW_PEER_UID],
		.action = row.texts[ROW_ACTION],
		.call = row.texts[ROW_CALL],
		.subject = row.texts[ROW_SUBJECT],
		.detail = row.texts[ROW_DETAIL],
		.reasons = (uint32_t)row.numbers[ROW_REASONS],
	};
	if (sqlite3_column_bytes(statement, HASH_COLUMN) == STORE_HASH_SIZE)
		memcpy(record.hash, sqlite3_column_blob(statement, HASH_COLUMN), STORE_HASH_SIZE);
	visit(arg, &record);
	return true;
}

/* SQLite's numbers are signed. */
static int64_t bound_of(uint64_t number)
{
	return number < INT64_MAX ? (int64_t)number : INT64_MAX;
}

struct page {
	enum statement of_all;
	enum statement of_one;
	const char *organisation;
	uint64_t bound;
	unsigned most;
};

static int read_page(struct store *store, const struct page *page, store_audit_fn *visit, void *arg)
{
	bool all = page->organisation[0] == '\0';
	sqlite3_stmt *statement = store->statements[all ? page->of_all : page->of_one];
	bool memory = true;
	int ret = SQLITE_ERROR;

	sqlite3_bind_int64(statement, 1, bound_of(page->bound));
	sqlite3_bind_int64(statement, 2, page->most);
	if (!all)
		sqlite3_bind_text(statement, 3, page->organisation, -1, SQLITE_STATIC);
	while (memory && (ret = sqlite3_step(statement)) == SQLITE_ROW)
		memory = visit_row(statement, visit, arg);
	if (ret != SQLITE_DONE)
		fail(store);
	sqlite3_reset(statement);
	return ret == SQLITE_DONE ? 0 : -EIO;
}

int store_audit_after(struct store *store, const char *organisation, uint64_t after, unsigned most,
	store_audit_fn *visit, void *arg)
{
	const struct page page = { AUDIT_AFTER, AUDIT_AFTER_OF, organisation, after, most };

	return read_page(store, &page, visit, arg);
}

int store_audit_before(struct store *store, const char *organisation, uint64_t before,
	unsigned most, store_audit_fn *visit, void *arg)
{
	const struct page page = { AUDIT_BEFORE, AUDIT_BEFORE_OF, organisation, before, most };

	return read_page(store, &page, visit, arg);
}

/* --- verification --- */

/* `sentence` has a place for the number. */
static void end_broken(struct audit_verification *v, uint64_t number, const char *sentence)
	__attribute__((format(printf, 3, 0)));
static void end_broken(struct audit_verification *v, uint64_t number, const char *sentence)
{
	v->done = true;
	v->broken_at = number;
	snprintf(v->sentence, sizeof(v->sentence), sentence, (unsigned long long)number);
}

/* Whether the row is the one that comes next, unaltered. */
static bool verify_row(sqlite3_stmt *statement, struct audit_verification *v)
{
	int64_t next = (int64_t)v->verified + 1;
	uint8_t hash[STORE_HASH_SIZE];
	struct audit_row row;

	if (!read_row(statement, &row))
		return false;
	audit_hash(v->head, &row, hash);
	if (row.numbers[ROW_NUMBER] > next) {
		end_broken(v, (uint64_t)next, "record %llu is missing");
	} else if (row.numbers[ROW_NUMBER] < next) {
		end_broken(v, (uint64_t)next, "a record was added before record %llu");
	} else if (sqlite3_column_bytes(statement, HASH_COLUMN) != STORE_HASH_SIZE ||
		   memcmp(sqlite3_column_blob(statement, HASH_COLUMN), hash, sizeof(hash)) != 0) {
		end_broken(v, (uint64_t)next, "record %llu was altered");
	} else {
		v->verified++;
		memcpy(v->head, hash, sizeof(hash));
	}
	return true;
}

static int verify_rows(struct store *store, struct audit_verification *v, unsigned most)
{
	sqlite3_stmt *statement = store->statements[AUDIT_AFTER];
	uint64_t left = v->total - v->verified;
	uint64_t until = v->verified + (left < most ? left : most);
	bool memory = true;
	int ret = SQLITE_ROW;

	/* No record has a number below 1, unless somebody else has put it there. */
	sqlite3_bind_int64(statement, 1, v->verified > 0 ? (int64_t)v->verified : INT64_MIN);
	sqlite3_bind_int64(statement, 2, most);
	while (memory && !v->done && v->verified < until &&
		(ret = sqlite3_step(statement)) == SQLITE_ROW)
		memory = verify_row(statement, v);
	if (!memory || (ret != SQLITE_ROW && ret != SQLITE_DONE)) {
		fail(store);
		sqlite3_reset(statement);
		return -EIO;
	}
	if (ret == SQLITE_DONE)
		end_broken(v, v->verified + 1, "record %llu is missing");
	sqlite3_reset(statement);
	return 0;
}

/* All records are right by themselves. Whether the last of them is the last that was written is
 * known from the head alone: the one in memory, and the one on the disk. */
static int verify_end(struct store *store, struct audit_verification *v)
{
	const struct audit_head *head = &store->head;
	struct audit_head noted, last;
	int found = audit_read_head(store, AUDIT_HEAD, &noted);

	if (found < 0 || audit_read_head(store, AUDIT_LAST, &last) < 0)
		return fail(store);
	if (memcmp(v->head, v->goal, sizeof(v->head)) != 0) {
		end_broken(v, v->total, "record %llu was altered");
	} else if (found == 0 || noted.number != head->number ||
		   memcmp(noted.hash, head->hash, sizeof(head->hash)) != 0) {
		end_broken(v, head->number, "the note that record %llu is the last was altered");
	} else if ((int64_t)last.number > (int64_t)head->number) {
		end_broken(v, head->number + 1, "record %llu was added by somebody else");
	} else {
		v->done = true;
		v->intact = true;
		snprintf(v->sentence, sizeof(v->sentence),
			"%llu records, and none was altered or is missing",
			(unsigned long long)v->verified);
	}
	return 0;
}

int store_audit_verify(struct store *store, struct audit_verification *v, unsigned most)
{
	int ret = 0;

	if (v->done)
		return 0;
	if (v->verified == 0 && v->total == 0) {
		v->total = store->head.number;
		memcpy(v->goal, store->head.hash, sizeof(v->goal));
	}
	if (v->verified < v->total)
		ret = verify_rows(store, v, most);
	if (ret == 0 && !v->done && v->verified == v->total)
		ret = verify_end(store, v);
	return ret;
}
