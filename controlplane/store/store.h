/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_STORE_STORE_H
#define BRIDGETAP_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Settings and the audit, in SQLite. It knows no settings: a record is bytes under an
 * organisation, a kind and an id. Loop thread only: what is durable waits for the disk, which
 * settings can afford. */

struct store;

/* Open, and bring the schema up to date. NULL with a sentence in `error` (256 bytes). */
struct store *store_open(const char *path, char *error);

/* What is queued is written first. */
void store_close(struct store *store);

/* --- settings --- */

/* Changes between begin and commit are all made, on the disk, when commit has returned 0; where
 * any function has failed (-EIO: the disk is full, say; logged), none of them is, after commit
 * (which then returns -EIO, too) or roll_back. One at a time. Where begin has failed, there is
 * nothing to end, but ending it does no harm.
 *
 * Queued audit records go with the commit. Those queued since begin tell of the changes: where
 * these are not made, they are dropped; those from before stay queued. */
int store_begin(struct store *store);
int store_put(struct store *store, const char *organisation, const char *kind, const char *id,
	const void *body, size_t size);
int store_delete(struct store *store, const char *organisation, const char *kind, const char *id);
int store_delete_organisation(struct store *store, const char *organisation);
int store_commit(struct store *store);
void store_roll_back(struct store *store);

/* Visit every record, in the order of organisation, kind, id. `body` is never NULL. 0 or -EIO.
 * No visitor, here and below, may call the store. */
struct store_visitor {
	void (*record)(void *arg, const char *organisation, const char *kind, const char *id,
		const uint8_t *body, size_t size);
	void *arg;
};
int store_read(struct store *store, const struct store_visitor *visitor);

/* --- the audit --- */

#define STORE_HASH_SIZE 32

/* Texts are never NULL. */
struct audit_record {
	uint64_t number; /* from 1, without gaps; set by the store, like the hash */
	uint64_t at_ms;	 /* since 1970 */
	const char *organisation;
	const char *actor;
	int64_t peer_uid;
	const char *action;
	const char *call;
	const char *subject;
	const char *detail;
	uint32_t reasons; /* bits */
	uint8_t hash[STORE_HASH_SIZE];
};

/* Queue a record; texts are copied. 0, or -ENOSPC where the audit cannot be written and too much is
 * queued already, or memory has run out: then nothing may be done that must be audited, and a
 * transaction that has begun will not commit. */
int store_audit(struct store *store, const struct audit_record *record);

/* Write what is queued, in one transaction that survives the end of this process at once, and a
 * power failure soon. Not between begin and commit. 0, or -EIO: it stays queued for the next try.
 * With nothing queued, it tries whether the store can be written again, where it could not. */
int store_flush(struct store *store);

/* Whether anything is queued; whether the last attempt to write anything has failed. */
bool store_has_queued(const struct store *store);
bool store_is_failing(const struct store *store);

/* Visit up to `most` written records of an organisation ("" for all) after number `after`, oldest
 * first, or before number `before` (UINT64_MAX for the newest), newest first. 0 or -EIO. */
typedef void store_audit_fn(void *arg, const struct audit_record *record);
int store_audit_after(struct store *store, const char *organisation, uint64_t after, unsigned most,
	store_audit_fn *visit, void *arg);
int store_audit_before(struct store *store, const char *organisation, uint64_t before,
	unsigned most, store_audit_fn *visit, void *arg);

/* Verification, a piece at a time, so that nothing else waits. All zero to begin.
 *
 * Every record holds a hash over itself and the record before, and a note beside them holds the
 * number and the hash of the last. Whoever can write the whole file can work out all of this anew:
 * against them, keep `head` somewhere else. */
struct audit_verification {
	uint64_t verified;	       /* records that are right */
	uint64_t total;		       /* as of the beginning */
	uint8_t head[STORE_HASH_SIZE]; /* of the last one verified */
	uint8_t goal[STORE_HASH_SIZE]; /* what the head must be at the end */
	bool done;
	bool intact;
	uint64_t broken_at; /* where not: the first that was altered or is missing */
	char sentence[160];
};

/* Verify up to `most` more. 0 or -EIO. */
int store_audit_verify(struct store *store, struct audit_verification *verification, unsigned most);

#endif
