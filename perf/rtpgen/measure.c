/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/measure.h"

#include <errno.h>
#include <string.h>

#include <rte_cycles.h>

#include "bench/report.h"
#include "rtpgen/arp.h"
#include "rtpgen/nd.h"

#define RESOLVE_SECONDS	    5
#define WARM_UP_SECONDS	    15
#define WARM_UP_LEAST	    0.5 /* so that mixes have settled */
#define WARM_UP_RATE	    200000.0
#define RECOVERY_SECONDS    1
#define SEARCH_STEPS	    12
#define SEARCH_TRIES	    4 /* of a rate, where we have been held up ourselves */
#define STALL_US	    200
#define SEARCH_BACK	    6 /* steps back from what was found, at most */
#define SEARCH_BACK_STEP    0.95
#define SEARCH_RESOLUTION   1.01
#define SEARCH_RATE_REACHED 0.99

/* --- before --- */

static bool is_resolved(const struct leg *leg)
{
	const struct rte_ether_hdr *ethernet = (const struct rte_ether_hdr *)leg->header;

	return !rte_is_zero_ether_addr(&ethernet->dst_addr);
}

/* The first leg whose appliance is not known; NULL for none. */
static struct leg *unresolved(struct table *table)
{
	for (unsigned i = 0; i < table->senders; i++)
		if (!is_resolved(&table->legs[i]))
			return &table->legs[i];
	return NULL;
}

static void ask(struct gen *gen, const struct ip_address *address)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(gen->pool);

	if (mbuf == NULL)
		return;
	(address->six ? nd_ask : arp_ask)(&gen->media, mbuf, address);
	gen_queue(gen, &gen->media, mbuf, NULL);
	gen_flush(gen, &gen->media);
}

int measure_resolve(struct gen *gen)
{
	struct table *table = gen->table;
	struct leg *leg;
	struct ip_address address;
	char text[IP_TEXT];

	if (gen->options->has_peer_mac)
		for (unsigned i = 0; i < table->senders; i++)
			table_set_macs(&table->legs[i], &gen->media.mac, &gen->options->peer_mac);
	for (unsigned i = 0; (leg = unresolved(table)) != NULL && i < RESOLVE_SECONDS * 10; i++) {
		address = table_remote(leg);
		ask(gen, &address);
		gen_wait(gen, 0.1);
	}
	if (leg == NULL)
		return 0;
	address = table_remote(leg);
	return report_error("nobody says who has %s, where the appliance wants media: give "
			    "--peer-mac",
		ip_text(&address, text));
}

/* The first listener of whom `field` does not hold yet. */
static const struct leg *not_heard(const struct table *table, bool aligned)
{
	for (unsigned i = 0; i < table->count; i++)
		if (!table->legs[i].heard.started || (aligned && !table->legs[i].heard.aligned))
			return &table->legs[i];
	return NULL;
}

static double real_rate(const struct gen *gen)
{
	return turns_speaking(gen->table) * 1000.0 / gen->options->ptime;
}

int measure_warm_up(struct gen *gen)
{
	double least = turns_speaking(gen->table) / GEN_TURN_SECONDS;
	double most = WARM_UP_SECONDS + 2 * TURNS_SECONDS * turns_blocks(gen->options);
	double rate = RTE_MIN(real_rate(gen), WARM_UP_RATE);
	const struct leg *leg = NULL;
	uint64_t end;

	gen_begin(gen, RTE_MAX(rate, least), 0);
	end = rte_rdtsc() + (uint64_t)(most * (double)gen->tsc_hz);
	do
		gen_run(gen, WARM_UP_LEAST);
	while (!gen->stop && (leg = not_heard(gen->table, true)) != NULL && rte_rdtsc() < end);
	gen_drain(gen);
	leg = gen->stop ? NULL : not_heard(gen->table, false);
	if (leg == NULL)
		return 0;
	return report_error("the %s of call %u hears nothing after %.0f s: does the appliance know "
			    "the way to us?",
		party_name(leg->party), leg->call, most);
}

/* --- a run --- */

static void run(struct gen *gen, double rate, double ramp, double seconds)
{
	gen_begin(gen, rate, ramp);
	gen_run(gen, seconds);
	gen_drain(gen);
}

static int play(struct gen *gen)
{
	gen->playback = playback_create(gen->options->pcap_in, gen->table);
	if (gen->playback == NULL)
		return -1;
	playback_begin(gen->playback);
	run(gen, 0, 0, RTE_MIN(gen->options->seconds, playback_seconds(gen->playback) + 0.1));
	return 0;
}

static double rate_of(const struct gen *gen)
{
	const struct options *o = gen->options;

	if (o->rate_kind == RATE_REAL)
		return real_rate(gen);
	return o->rate_kind == RATE_FIXED ? o->rate : 0;
}

/* More than can be carried, and on at once with what can be: nobody pauses in between, so that
 * whatever is not as it should be comes from the overload. */
static void overload(struct gen *gen, struct results *results)
{
	if (gen->options->overload == 0)
		return;
	gen->overload = true;
	gen_begin(gen, gen->options->overload, 0);
	gen_run(gen, gen->options->seconds);
	gen->overload = false;
	gen->wrong = !measure_report_overload(gen, results);
	gen_realign(gen);
	run(gen, rate_of(gen), 0, RECOVERY_SECONDS);
	gen->wrong = !measure_report_recovery(gen, results) || gen->wrong;
}

int measure_once(struct gen *gen, struct results *results)
{
	const struct options *o = gen->options;

	if (o->pcap_out != NULL) {
		gen->capture = capture_create(o->pcap_out);
		if (gen->capture == NULL)
			return report_error("cannot write %s: %s", o->pcap_out, strerror(errno));
	}
	gen->check = true;
	overload(gen, results);
	gen->impaired = o->loss > 0 || o->jitter > 0 || o->reorder > 0 || o->silence > 0;
	if (o->pcap_in != NULL)
		return play(gen);
	run(gen, rate_of(gen), o->ramp, o->seconds);
	return 0;
}

/* --- search --- */

static double rate_reached(const struct gen *gen)
{
	return (double)gen->figures.sent * (double)gen->tsc_hz /
	       (double)(gen->figures.end_tsc - gen->figures.begin_tsc);
}

/* Ours is no appliance: what is lost while we did not run says nothing about it. */
static bool has_stalled(const struct gen *gen)
{
	return gen->figures.longest_tsc > gen->tsc_hz / 1000000 * STALL_US;
}

static bool try_rate(struct gen *gen, double rate)
{
	struct totals totals;
	double reached;

	run(gen, rate, 0, gen->options->seconds);
	gen_total(gen, &totals);
	reached = rate_reached(gen);
	report_progress("  %10.0f/s asked, %10.0f/s sent, %llu lost; our longest pause %.0f us",
		rate, reached, (unsigned long long)totals.lost,
		(double)gen->figures.longest_tsc * 1e6 / (double)gen->tsc_hz);
	return totals.lost == 0 && reached >= rate * SEARCH_RATE_REACHED;
}

static bool is_free_of_loss(struct gen *gen, double rate)
{
	for (unsigned i = 0; i < SEARCH_TRIES && !gen->stop; i++) {
		if (try_rate(gen, rate))
			return true;
		if (!has_stalled(gen))
			return false;
	}
	return false;
}

int measure_search(struct gen *gen, struct results *results)
{
	double low = turns_speaking(gen->table) / GEN_TURN_SECONDS, high, most;

	gen->check = true;
	try_rate(gen, 0);
	most = high = rate_reached(gen);
	for (unsigned i = 0; i < SEARCH_STEPS && high > low * SEARCH_RESOLUTION && !gen->stop;
		i++) {
		/* Most ports say no before they lose: the highest rate is where to begin. */
		double rate = i == 0 ? most * 0.98 : (low + high) / 2;

		if (is_free_of_loss(gen, rate))
			low = rate;
		else
			high = rate;
	}
	if (gen->stop)
		return 0;
	/* What has gone well once need not do so for ever: the figure is of a rate that does again.
	 */
	for (unsigned i = 0; !is_free_of_loss(gen, low) && !gen->stop; i++) {
		if (i == SEARCH_BACK)
			return report_error("even at %.0f packets a second some are lost", low);
		low *= SEARCH_BACK_STEP;
	}
	results_add(results, "loss_free_pps", "", rate_reached(gen), "1/s",
		"packets sent a second without one lost in %g s; unpaced %.0f/s went out",
		gen->options->seconds, most);
	return 0;
}
