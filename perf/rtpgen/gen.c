/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/gen.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>

#define DRAIN_QUIET_MS 20  /* without a packet, and all are there that should be */
#define DRAIN_LONG_MS  300 /* or some are not: the appliance may have been held up */
#define DRAIN_MOST_MS  2000
#define BURSTS_A_TURN  8
#define SLEEP_US       20

/* Sources count as silent after 100 ms, mixes settle in as many again. */
#define DISTURBED_MS 300
#define SETTLE_MS    100  /* what all begin at once makes all wait for each other */
#define PAUSE_US     5000 /* the least that a mix may not make up for */

/* What is not done for every packet: the API, and a line for whoever watches. */
static void turn_slowly(struct gen *gen, uint64_t tsc)
{
	static const char line[] = "\r%6.1f s  sent %llu  received %llu ";

	gen->slow_due = tsc + gen->tsc_hz / 1000;
	if (gen->switches != NULL && !gen->stop)
		switches_turn(gen->switches, tsc);
	if (tsc < gen->progress_due)
		return;
	gen->progress_due = tsc + gen->tsc_hz;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, line, (double)(tsc - gen->figures.begin_tsc) / (double)gen->tsc_hz,
			(unsigned long long)gen->figures.sent,
			(unsigned long long)gen->figures.received);
}

/* What has come goes before what is to go: whoever lets it lie loses what the appliance sends. */
static unsigned receive_all(struct gen *gen, struct device *device)
{
	unsigned total = 0, count;

	do {
		count = gen_receive(gen, device);
		total += count;
	} while (count == DEVICE_BURST && total < BURSTS_A_TURN * DEVICE_BURST);
	return total;
}

void gen_disturbed(struct gen *gen, uint64_t tsc)
{
	uint64_t until = tsc + gen->tsc_hz / 1000 * DISTURBED_MS;

	gen->figures.disturbed_tsc += until - RTE_MAX(gen->disturbed_until, tsc);
	gen->disturbed_until = until;
}

static void note_pause(struct gen *gen, uint64_t tsc)
{
	uint64_t pause = tsc - gen->figures.turn_tsc;

	gen->figures.longest_tsc = RTE_MAX(gen->figures.longest_tsc, pause);
	gen->figures.turn_tsc = tsc;
	if (pause > gen->tsc_hz / 1000000 * PAUSE_US)
		gen_disturbed(gen, tsc);
}

static unsigned turn(struct gen *gen, bool sending)
{
	uint64_t tsc = rte_rdtsc();
	unsigned count;

	note_pause(gen, tsc);
	count = receive_all(gen, &gen->media);
	if (gen->has_recorder) {
		count += receive_all(gen, &gen->recorder);
		gen_flush(gen, &gen->recorder);
	}
	count += sending ? gen_send(gen, rte_rdtsc()) : gen_flush(gen, &gen->media);
	if (tsc >= gen->slow_due)
		turn_slowly(gen, tsc);
	if (count > 0)
		gen->figures.busy_tsc += rte_rdtsc() - tsc;
	else if (gen->options->sleep)
		rte_delay_us_sleep(SLEEP_US);
	return count;
}

void gen_run(struct gen *gen, double seconds)
{
	uint64_t end = rte_rdtsc() + (uint64_t)(seconds * (double)gen->tsc_hz);

	while (!__atomic_load_n(&gen->stop, __ATOMIC_RELAXED) && rte_rdtsc() < end)
		turn(gen, true);
	gen->figures.end_tsc = rte_rdtsc();
}

void gen_wait(struct gen *gen, double seconds)
{
	uint64_t end = rte_rdtsc() + (uint64_t)(seconds * (double)gen->tsc_hz);

	while (rte_rdtsc() < end)
		turn(gen, false);
}

void gen_realign(struct gen *gen)
{
	for (unsigned i = 0; i < gen->table->call_count; i++)
		gen->table->calls[i].alignment++;
}

static bool is_complete(const struct gen *gen)
{
	struct totals totals;

	gen_total(gen, &totals);
	return totals.lost == 0;
}

void gen_drain(struct gen *gen)
{
	uint64_t ms = gen->tsc_hz / 1000, begin = rte_rdtsc(), quiet = begin, now = begin;
	uint64_t wait = DRAIN_QUIET_MS * ms;
	struct rte_mbuf *held;

	/* What is held back goes now, or never. */
	while ((held = wheel_take(&gen->wheel, UINT64_MAX)) != NULL)
		if (!gen_queue(gen, &gen->media, held, &gen->table->legs[held->hash.usr]))
			gen->figures.left_out++;
	while (now - quiet < wait && now - begin < DRAIN_MOST_MS * ms) {
		unsigned count = turn(gen, false);

		now = rte_rdtsc();
		if (count > 0 || gen->media.pending > 0)
			quiet = now;
		if (now - quiet >= wait && wait < DRAIN_LONG_MS * ms && !is_complete(gen))
			wait = DRAIN_LONG_MS * ms;
	}
}

void gen_begin(struct gen *gen, double rate, double ramp)
{
	struct table *table = gen->table;

	for (unsigned i = 0; i < table->count; i++) {
		table->legs[i].sent = table->legs[i].left_out = 0;
		stream_clear(&table->legs[i].heard);
	}
	/* Of a switch while nobody spoke the first packets tell. */
	for (unsigned i = 0; gen->switches != NULL && i < table->call_count; i++) {
		table->calls[i].switch_tsc = 0;
		table->calls[i].tolerant_until = rte_rdtsc() + gen->tsc_hz / 1000 * TABLE_SETTLE_MS;
	}
	memset(&gen->figures, 0, sizeof(gen->figures));
	gen->pace = (struct pace){
		.rate = rate,
		.ramp = ramp,
		.first = RTE_MIN(rate, turns_speaking(table) / GEN_TURN_SECONDS),
		.begin = rte_rdtsc(),
	};
	gen->figures.begin_tsc = gen->figures.end_tsc = gen->figures.turn_tsc = gen->pace.begin;
	gen->figures.settled_tsc = gen->pace.begin + gen->tsc_hz / 1000 * SETTLE_MS;
	gen->progress_due = gen->pace.begin + gen->tsc_hz;
	gen->disturbed_until = 0;
	turns_begin(&gen->turns, table, gen->pace.begin);
	wheel_init(&gen->wheel, gen->pace.begin);
}

/* A listener should have had a packet for each that its clock sent. Where sources fall silent
 * others take the clock over, and only gaps in the numbers tell. */
static void add_loss(const struct gen *gen, const struct leg *leg, struct totals *totals)
{
	const struct leg *clock = table_leg(gen->table, leg->call, party_clock(leg->party));
	uint64_t lost;

	if (gen->options->silence > 0) {
		uint32_t gaps = stream_gaps(&leg->heard);

		lost = gaps > clock->left_out ? gaps - clock->left_out : 0;
		totals->expected += leg->heard.received + lost;
	} else {
		lost = clock->sent > leg->heard.received ? clock->sent - leg->heard.received : 0;
		totals->expected += clock->sent;
	}
	totals->lost += lost;
}

void gen_total(const struct gen *gen, struct totals *totals)
{
	const struct table *table = gen->table;

	*totals = (struct totals){ 0 };
	for (unsigned i = 0; i < table->count; i++) {
		const struct stream *heard = &table->legs[i].heard;
		double jitter_ms = heard->jitter / 16.0 / 8;

		add_loss(gen, &table->legs[i], totals);
		totals->received += heard->received;
		totals->late += heard->late;
		totals->duplicates += heard->duplicates;
		totals->other_ssrc += heard->other_ssrc;
		totals->discontinued += heard->discontinued;
		totals->resumed += heard->resumed;
		totals->jitter_ms += jitter_ms / table->count;
		totals->jitter_most_ms = RTE_MAX(totals->jitter_most_ms, jitter_ms);
	}
}
