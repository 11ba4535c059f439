/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/slot_book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int slot_book_init(struct slot_book *book, struct port_table *table)
{
	memset(book, 0, sizeof(*book));
	book->table = table;
	for (unsigned r = 0; r < REALM_MAX; r++) {
		unsigned count = table->realm[r].count;

		if (count == 0)
			continue;
		book->realm[r].claimed = malloc(count * sizeof(*book->realm[r].claimed));
		book->realm[r].leaving = calloc(count, sizeof(*book->realm[r].leaving));
		book->realm[r].worker = calloc(count, sizeof(*book->realm[r].worker));
		if (book->realm[r].claimed == NULL || book->realm[r].leaving == NULL ||
			book->realm[r].worker == NULL) {
			slot_book_fini(book);
			return -ENOMEM;
		}
		for (unsigned i = 0; i < count; i++)
			book->realm[r].claimed[i] = CALL_NUMBER_NONE;
	}
	return 0;
}

void slot_book_fini(struct slot_book *book)
{
	for (unsigned r = 0; r < REALM_MAX; r++) {
		free(book->realm[r].claimed);
		free(book->realm[r].leaving);
		free(book->realm[r].worker);
	}
	memset(book, 0, sizeof(*book));
}

static int slot_of(const struct slot_book *book, const struct leg_plan *plan)
{
	return port_table_slot(book->table, plan->realm, plan->local_port);
}

uint32_t slot_book_conflict(const struct slot_book *book, const struct leg_plan *plans,
	unsigned count, uint32_t number, unsigned *leg)
{
	for (unsigned i = 0; i < count; i++) {
		uint32_t claimed = book->realm[plans[i].realm].claimed[slot_of(book, &plans[i])];

		*leg = i;
		if (claimed != CALL_NUMBER_NONE && claimed != number)
			return claimed;
	}
	return CALL_NUMBER_NONE;
}

void slot_book_claim(struct slot_book *book, const struct leg_plan *plans, unsigned count,
	uint32_t number, uint8_t worker)
{
	for (unsigned i = 0; i < count; i++) {
		int slot = slot_of(book, &plans[i]);

		book->realm[plans[i].realm].claimed[slot] = number;
		book->realm[plans[i].realm].worker[slot] = worker;
	}
}

void slot_book_unclaim(struct slot_book *book, const struct leg_plan *plans, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		book->realm[plans[i].realm].claimed[slot_of(book, &plans[i])] = CALL_NUMBER_NONE;
}

int slot_book_bound_worker(
	const struct slot_book *book, const struct leg_plan *plans, unsigned count)
{
	int bound = PORT_OWNER_NONE;

	for (unsigned i = 0; i < count; i++) {
		int slot = slot_of(book, &plans[i]);
		int worker = book->realm[plans[i].realm].worker[slot];

		if (book->realm[plans[i].realm].leaving[slot] == 0 || worker == bound)
			continue;
		if (bound != PORT_OWNER_NONE)
			return -1;
		bound = worker;
	}
	return bound;
}

void slot_book_own(
	struct slot_book *book, const struct leg_plan *plans, unsigned count, uint8_t worker)
{
	for (unsigned i = 0; i < count; i++)
		port_table_set_owner(book->table, plans[i].realm, slot_of(book, &plans[i]), worker);
}

void slot_book_leave(struct slot_book *book, const struct leg_plan *plans, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		book->realm[plans[i].realm].leaving[slot_of(book, &plans[i])]++;
}

void slot_book_left(struct slot_book *book, const struct leg_plan *plans, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned realm = plans[i].realm;
		int slot = slot_of(book, &plans[i]);

		if (--book->realm[realm].leaving[slot] == 0 &&
			book->realm[realm].claimed[slot] == CALL_NUMBER_NONE)
			port_table_set_owner(book->table, realm, slot, PORT_OWNER_NONE);
	}
}
