/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_SLOT_BOOK_H
#define BRIDGETAP_CONTROL_SLOT_BOOK_H

#include <stdint.h>

#include "call/port_table.h"

/* The main lcore's side of the port table: which call a slot is promised to, and whether a worker
 * still has a leg in it that is about to leave. A slot may be promised to the next call before
 * the last one has left, but only on the same worker, whose commands are in order. */

#define CALL_NUMBER_NONE UINT32_MAX

struct slot_book {
	struct port_table *table;
	struct {
		uint32_t *claimed; /* number of the call, CALL_NUMBER_NONE for free */
		uint32_t *leaving; /* commands, under way or about to be, that take a leg out */
		uint8_t *worker;   /* whose it is, where it is claimed or a leg leaves it */
	} realm[REALM_MAX];
};

/* For all slots of `table`, which outlives the book. 0 or -ENOMEM. */
int slot_book_init(struct slot_book *book, struct port_table *table);
void slot_book_fini(struct slot_book *book);

/* The call that has the slots of one of these legs, other than call `number`, and which leg into
 * `leg`; CALL_NUMBER_NONE where all are free. */
uint32_t slot_book_conflict(const struct slot_book *book, const struct leg_plan *plans,
	unsigned count, uint32_t number, unsigned *leg);

/* Promise the slots of these legs to call `number`, which `worker` has or will have. */
void slot_book_claim(struct slot_book *book, const struct leg_plan *plans, unsigned count,
	uint32_t number, uint8_t worker);

/* Give them back. */
void slot_book_unclaim(struct slot_book *book, const struct leg_plan *plans, unsigned count);

/* The worker that a call of these legs must go to because one of its slots is not empty there
 * yet: PORT_OWNER_NONE for any, -1 where two workers would have to have it. */
int slot_book_bound_worker(
	const struct slot_book *book, const struct leg_plan *plans, unsigned count);

/* Tell the workers whose slots these are from now on. */
void slot_book_own(
	struct slot_book *book, const struct leg_plan *plans, unsigned count, uint8_t worker);

/* A command that takes these legs out of their slots will be sent, or has been answered. Until then
 * whoever gets one of the slots must be the same worker's, though it may be of the same batch. */
void slot_book_leave(struct slot_book *book, const struct leg_plan *plans, unsigned count);
void slot_book_left(struct slot_book *book, const struct leg_plan *plans, unsigned count);

#endif
