/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* The store of an office: what store.h promises, in memory, and a disk that can be full. Nobody
 * reads the settings that are put here: an office is never restarted. */
#include <errno.h>

#include "office.h"

#define RECORDS_MAX 512

struct store {
	struct audit_record records[RECORDS_MAX]; /* record n at n - 1 */
	unsigned count;
	unsigned queued, queued_at_begin; /* of the last ones */
	bool open, failing;
};

static struct store the_store;
static bool disk_full;

void office_disk_is_full(bool full)
{
	disk_full = full;
}

static char *copy(const char *text)
{
	REQUIRE(text != NULL);
	return strdup(text);
}

static void free_record(struct audit_record *record)
{
	const char *texts[] = { record->organisation, record->actor, record->action, record->call,
		record->subject, record->detail };

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free((void *)(uintptr_t)texts[i]);
}

struct store *office_store_open(void)
{
	the_store = (struct store){ 0 };
	disk_full = false;
	return &the_store;
}

void office_store_close(struct store *store)
{
	REQUIRE(!store->open);
	for (unsigned i = 0; i < store->count; i++)
		free_record(&store->records[i]);
}

/* --- what store.h promises --- */

int store_begin(struct store *store)
{
	REQUIRE(!store->open);
	store->failing = disk_full;
	if (disk_full)
		return -EIO;
	store->open = true;
	store->queued_at_begin = store->queued;
	return 0;
}

int store_put(struct store *store, const char *organisation, const char *kind, const char *id,
	const void *body, size_t size)
{
	REQUIRE(store->open && organisation != NULL && kind != NULL && id != NULL);
	free(copy_of(body, size)); /* so that all of it is looked at */
	return disk_full ? -EIO : 0;
}

int store_delete(struct store *store, const char *organisation, const char *kind, const char *id)
{
	return store_put(store, organisation, kind, id, "", 0);
}

int store_delete_organisation(struct store *store, const char *organisation)
{
	return store_put(store, organisation, "", "", "", 0);
}

void store_roll_back(struct store *store)
{
	if (!store->open)
		return;
	store->open = false;
	for (; store->queued > store->queued_at_begin; store->queued--)
		free_record(&store->records[--store->count]);
}

int store_commit(struct store *store)
{
	store->failing = disk_full;
	if (!store->open)
		return -EIO;
	if (disk_full) {
		store_roll_back(store);
		return -EIO;
	}
	store->open = false;
	store->queued = 0;
	return 0;
}

int store_read(struct store *store, const struct store_visitor *visitor)
{
	(void)store;
	(void)visitor;
	return 0;
}

int store_audit(struct store *store, const struct audit_record *record)
{
	struct audit_record *kept = &store->records[store->count];

	if (store->count == RECORDS_MAX)
		return -ENOSPC;
	*kept = *record;
	kept->number = ++store->count;
	kept->organisation = copy(record->organisation);
	kept->actor = copy(record->actor);
	kept->action = copy(record->action);
	kept->call = copy(record->call);
	kept->subject = copy(record->subject);
	kept->detail = copy(record->detail);
	store->queued++;
	return 0;
}

int store_flush(struct store *store)
{
	REQUIRE(!store->open);
	if (store->queued == 0 && !store->failing)
		return 0;
	store->failing = disk_full;
	if (disk_full)
		return -EIO;
	store->queued = 0;
	return 0;
}

bool store_has_queued(const struct store *store)
{
	return store->queued > 0;
}

bool store_is_failing(const struct store *store)
{
	return store->failing;
}

static bool is_wanted(const struct audit_record *record, const char *organisation)
{
	return organisation[0] == '\0' || strcmp(record->organisation, organisation) == 0;
}

int store_audit_after(struct store *store, const char *organisation, uint64_t after, unsigned most,
	store_audit_fn *visit, void *arg)
{
	for (unsigned i = 0; i + store->queued < store->count && most > 0; i++)
		if (store->records[i].number > after &&
			is_wanted(&store->records[i], organisation)) {
			visit(arg, &store->records[i]);
			most--;
		}
	return 0;
}

int store_audit_before(struct store *store, const char *organisation, uint64_t before,
	unsigned most, store_audit_fn *visit, void *arg)
{
	for (unsigned i = store->count - store->queued; i > 0 && most > 0; i--)
		if (store->records[i - 1].number < before &&
			is_wanted(&store->records[i - 1], organisation)) {
			visit(arg, &store->records[i - 1]);
			most--;
		}
	return 0;
}

int store_audit_verify(struct store *store, struct audit_verification *verification, unsigned most)
{
	verification->total = store->count - store->queued;
	verification->verified += most;
	if (verification->verified >= verification->total) {
		verification->verified = verification->total;
		verification->done = verification->intact = true;
	}
	return disk_full ? -EIO : 0;
}
