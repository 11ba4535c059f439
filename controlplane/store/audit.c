/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/sha2.h>

#include "store/internal.h"

#define QUEUE_MOST 100000

struct queued {
	struct queued *next;
	struct audit_row row; /* its texts are in `bytes`, one after the other */
	char bytes[];
};

/* --- the chain --- */

static void hash_number(struct sha256_ctx *sha, uint64_t number)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(number >> (56 - 8 * i));
	sha256_update(sha, sizeof(bytes), bytes);
}

/* Numbers are eight bytes, and each text comes after its length: no two records are hashed as the
 * same bytes. */
void audit_hash(
	const uint8_t *before, const struct audit_row *row, uint8_t hash[static STORE_HASH_SIZE])
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, STORE_HASH_SIZE, before);
	for (unsigned i = 0; i < ROW_NUMBERS; i++)
		hash_number(&sha, (uint64_t)row->numbers[i]);
	for (unsigned i = 0; i < ROW_TEXTS; i++) {
		hash_number(&sha, row->sizes[i]);
		sha256_update(&sha, row->sizes[i], (const uint8_t *)row->texts[i]);
	}
	sha256_digest(&sha, STORE_HASH_SIZE, hash);
}

/* --- the queue --- */

static struct queued *queued_create(const struct audit_record *record)
{
	const struct audit_row row = {
		.numbers = { [ROW_AT_MS] = (int64_t)record->at_ms,
			[ROW_PEER_UID] = record->peer_uid,
			[ROW_REASONS] = record->reasons },
		.texts = { record->organisation, record->actor, record->action, record->call,
			record->subject, record->detail },
	};
	struct queued *queued;
	size_t size = 0;

	for (unsigned i = 0; i < ROW_TEXTS; i++)
		size += strlen(row.texts[i]) + 1;
	queued = malloc(sizeof(*queued) + size);
	if (queued == NULL)
		return NULL;
	queued->next = NULL;
	queued->row = row;
	size = 0;
	for (unsigned i = 0; i < ROW_TEXTS; i++) {
		queued->row.sizes[i] = strlen(row.texts[i]);
		queued->row.texts[i] = strcpy(queued->bytes + size, row.texts[i]);
		size += queued->row.sizes[i] + 1;
	}
	return queued;
}

static void free_from(struct audit_queue *queue, struct queued **from)
{
	struct queued *queued = *from;

	while (queued != NULL) {
		struct queued *next = queued->next;

		free(queued);
		queued = next;
	}
	*from = NULL;
	queue->end = from;
}

/* While writing fails, trying again for every record would only cost time. */
static bool is_full(struct store *store)
{
	if (store->queue.count < QUEUE_MOST)
		return false;
	return store->open || store->failing || store_flush(store) < 0;
}

int store_audit(struct store *store, const struct audit_record *record)
{
	struct queued *queued = is_full(store) ? NULL : queued_create(record);

	if (queued == NULL) {
		store->broken = true;
		return -ENOSPC;
	}
	*store->queue.end = queued;
	store->queue.end = &queued->next;
	store->queue.count++;
	return 0;
}

bool store_has_queued(const struct store *store)
{
	return store->queue.count > 0;
}

void audit_mark(struct store *store)
{
	store->queue.mark = store->queue.end;
	store->queue.count_at_mark = store->queue.count;
}

void audit_drop(struct store *store)
{
	struct audit_queue *queue = &store->queue;

	if (queue->mark == NULL)
		return;
	free_from(queue, queue->mark);
	queue->count = queue->count_at_mark;
	queue->mark = NULL;
}

/* --- writing --- */

int audit_read_head(struct store *store, enum statement statement, struct audit_head *head)
{
	sqlite3_stmt *row = store->statements[statement];
	int ret = sqlite3_step(row);

	memset(head, 0, sizeof(*head));
	if (ret == SQLITE_ROW) {
		head->number = (uint64_t)sqlite3_column_int64(row, 0);
		if (sqlite3_column_bytes(row, 1) == STORE_HASH_SIZE)
			memcpy(head->hash, sqlite3_column_blob(row, 1), STORE_HASH_SIZE);
	}
	sqlite3_reset(row);
	if (ret != SQLITE_ROW && ret != SQLITE_DONE)
		return -EIO;
	return ret == SQLITE_ROW ? 1 : 0;
}

/* Where the note and the last record differ, somebody has altered one of them. Writing goes on
 * after the later one, over what was altered: that is for the verification to find. */
int audit_init(struct store *store)
{
	struct audit_head last;

	store->queue.end = &store->queue.first;
	if (audit_read_head(store, AUDIT_HEAD, &store->head) < 0 ||
		audit_read_head(store, AUDIT_LAST, &last) < 0)
		return -EIO;
	if ((int64_t)last.number > (int64_t)store->head.number)
		store->head = last;
	return 0;
}

void audit_fini(struct store *store)
{
	free_from(&store->queue, &store->queue.first);
}

static int insert(struct store *store, const struct audit_row *row, const uint8_t *hash)
{
	sqlite3_stmt *insert = store->statements[AUDIT_INSERT];
	int column = 1;

	for (unsigned i = 0; i < ROW_NUMBERS; i++)
		sqlite3_bind_int64(insert, column++, row->numbers[i]);
	for (unsigned i = 0; i < ROW_TEXTS; i++)
		sqlite3_bind_text64(
			insert, column++, row->texts[i], row->sizes[i], SQLITE_STATIC, SQLITE_UTF8);
	sqlite3_bind_blob(insert, column, hash, STORE_HASH_SIZE, SQLITE_STATIC);
	return store_run(store, AUDIT_INSERT);
}

static int set_head(struct store *store, const struct audit_head *head)
{
	sqlite3_stmt *update = store->statements[AUDIT_SET_HEAD];

	sqlite3_bind_int64(update, 1, (int64_t)head->number);
	sqlite3_bind_blob(update, 2, head->hash, STORE_HASH_SIZE, SQLITE_STATIC);
	return store_run(store, AUDIT_SET_HEAD);
}

int audit_write(struct store *store, struct audit_head *head)
{
	*head = store->head;
	if (store->queue.count == 0 && !store->failing)
		return 0;
	/* What stays as it was is not written at all, and then nothing would be tried. */
	if (store->failing && store_run(store, AUDIT_TOUCH_HEAD) < 0)
		return -EIO;
	for (struct queued *queued = store->queue.first; queued != NULL; queued = queued->next) {
		uint8_t hash[STORE_HASH_SIZE];

		queued->row.numbers[ROW_NUMBER] = (int64_t)++head->number;
		audit_hash(head->hash, &queued->row, hash);
		memcpy(head->hash, hash, sizeof(hash));
		if (insert(store, &queued->row, hash) < 0)
			return -EIO;
	}
	return set_head(store, head);
}

void audit_written(struct store *store, const struct audit_head *head)
{
	store->head = *head;
	free_from(&store->queue, &store->queue.first);
	store->queue.count = 0;
	store->queue.mark = NULL;
}

int store_flush(struct store *store)
{
	if (store->open)
		return -EIO;
	/* Whoever could not begin may have left it at that. */
	store->queue.mark = NULL;
	if (store->queue.count == 0 && !store->failing)
		return 0;
	if (store_start(store, DURABLE_SOON) < 0)
		return -EIO;
	return store_finish(store);
}
