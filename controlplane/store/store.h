/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_STORE_STORE_H
#define BRIDGETAP_STORE_STORE_H

/* Settings that survive a restart, in SQLite. A function that returns 0 has put the change on the
 * disk. Loop thread only: a change waits for the disk, which settings can afford. */

struct store;

/* Open, and bring the schema up to date. NULL with a sentence in `error` (256 bytes). */
struct store *store_open(const char *path, char *error);
void store_close(struct store *store);

/* 0 or -EIO, where nothing was changed. */
int store_put_organisation(struct store *store, const char *id, const char *name);
int store_put_user(
	struct store *store, const char *organisation, const char *id, const char *name, int role);
int store_delete_user(struct store *store, const char *organisation, const char *id);

/* Everything that is kept: all organisations, then all users. 0 or -EIO. */
struct store_visitor {
	void (*organisation)(void *arg, const char *id, const char *name);
	void (*user)(
		void *arg, const char *organisation, const char *id, const char *name, int role);
	void *arg;
};
int store_read(struct store *store, const struct store_visitor *visitor);

#endif
