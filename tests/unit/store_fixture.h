/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_TESTS_STORE_FIXTURE_H
#define BRIDGETAP_TESTS_STORE_FIXTURE_H

#include "store/store.h"

/* A store in a folder of its own, for the tests of it. */

extern char store_folder[64];
extern char store_path[80]; /* of the database in it */
extern struct store *store;

/* Set up: an empty folder, and no store yet; tear down: close what is open, remove all. */
int store_folder_create(void **state);
int store_folder_remove(void **state);

/* Close the store if it is open, and open what is at the path; fails the test where that fails. */
void store_reopen(void);

/* Do to the database, through another connection, what nobody should. */
void sql_run(const char *sql);

/* Queue `count` records, number `first` + 1 and on if the audit holds `first`, no two alike. */
void audit_queue(unsigned first, unsigned count);

/* Put a text, in a transaction that has begun, or in one of its own. */
int put(const char *organisation, const char *kind, const char *id, const char *body);
void put_alone(const char *organisation, const char *kind, const char *id, const char *body);

/* Whether all records together, as "organisation/kind/id=body;", are `wanted`. */
void assert_records(const char *wanted);

/* Verify the whole audit. */
void assert_audit_is(bool intact, uint64_t total);

#endif
