/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/turns.h"

#include <rte_cycles.h>

unsigned turns_blocks(const struct options *options)
{
	unsigned talking = options->talking;

	return talking == 0 ? 1 : (options->calls + talking - 1) / talking;
}

unsigned turns_speaking(const struct table *table)
{
	unsigned blocks = turns_blocks(table->options);

	return (table->senders + blocks - 1) / blocks;
}

/* The first call of a block: all are as large, but for one call. */
static unsigned first_call(const struct turns *turns, unsigned block)
{
	return (unsigned)((uint64_t)turns->table->call_count * block / turns->blocks);
}

/* The leg of the first monitor from call number `call` on; the end of all where there is none. */
static unsigned first_monitor(const struct table *table, unsigned call)
{
	while (call < table->call_count && table->calls[call].monitor == 0)
		call++;
	return call < table->call_count ? table->calls[call].monitor : table->senders;
}

/* The voices of a mix that are back from silence set in one after the other. */
static void tolerate(const struct turns *turns, unsigned begin, unsigned end, uint64_t tsc)
{
	for (unsigned i = begin; turns->blocks > 1 && i < end; i++)
		if (turns->table->calls[i].monitor != 0)
			turns->table->calls[i].tolerant_until =
				tsc + rte_get_tsc_hz() / 1000 * TABLE_SETTLE_MS;
}

static void begin_block(struct turns *turns, uint64_t tsc)
{
	const struct table *table = turns->table;
	unsigned begin = first_call(turns, turns->block), end = first_call(turns, turns->block + 1);

	turns->begin[PARTY_CUSTOMER] = begin;
	turns->end[PARTY_CUSTOMER] = end;
	turns->begin[PARTY_AGENT] = table->call_count + begin;
	turns->end[PARTY_AGENT] = table->call_count + end;
	turns->begin[PARTY_MONITOR] = first_monitor(table, begin);
	turns->end[PARTY_MONITOR] = first_monitor(table, end);
	turns->until = tsc + (uint64_t)(TURNS_SECONDS * (double)rte_get_tsc_hz());
	tolerate(turns, begin, end, tsc);
}

void turns_begin(struct turns *turns, struct table *table, uint64_t tsc)
{
	*turns = (struct turns){ .table = table, .blocks = turns_blocks(table->options) };
	begin_block(turns, tsc);
	turns->cursor = turns->begin[0];
}

/* All of a range have sent: on to the next one that is not empty. */
static void next_range(struct turns *turns, uint64_t tsc)
{
	do {
		turns->party = (turns->party + 1) % PARTY_SENDERS;
		if (turns->party == 0 && turns->blocks > 1 && tsc >= turns->until) {
			turns->block = (turns->block + 1) % turns->blocks;
			begin_block(turns, tsc);
		}
		turns->cursor = turns->begin[turns->party];
	} while (turns->cursor == turns->end[turns->party]);
}

struct leg *turns_next(struct turns *turns, uint64_t tsc)
{
	struct table *table = turns->table;
	struct leg *leg = &table->legs[turns->cursor++];

	rte_prefetch0(&table->legs[RTE_MIN(turns->cursor + 2, table->senders - 1)]);
	if (turns->cursor == turns->end[turns->party])
		next_range(turns, tsc);
	return leg;
}
