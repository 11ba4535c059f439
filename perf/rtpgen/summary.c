/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <string.h>

#include "bench/report.h"
#include "rtpgen/measure.h"

#define EXACT_SHARE 0.9 /* of what is judged; the rest may be the beginning and the end of gaps */

/* --- delays --- */

static void report_delays(struct gen *gen, struct results *results)
{
	static const struct {
		const char *name;
		double share;
	} quantiles[] = {
		{ "delay_%s_p50_us", 0.5 },
		{ "delay_%s_p99_us", 0.99 },
		{ "delay_%s_p999_us", 0.999 },
		{ "delay_%s_max_us", 1 },
	};

	for (unsigned class = 0; class < DELAY_CLASSES; class ++) {
		const struct histogram *delays = &gen->figures.delays[class];
		const char *name = class == DELAY_RECORDING ? "recording"
				   : class == DELAY_MONITOR ? "monitor"
							    : mode_name(class);

		for (unsigned i = 0; delays->count > 0 && i < 4; i++)
			results_add(results, quantiles[i].name, name,
				(double)histogram_quantile(delays, quantiles[i].share) / 1e3, "us",
				"from our port to our port, of %llu packets, the first 0.1 s left "
				"out",
				(unsigned long long)delays->count);
	}
}

/* --- who heard whom --- */

/* A voice that is always missing makes nothing wrong, and nothing right. */
static bool is_heard(struct gen *gen, enum mode mode, enum party party)
{
	const uint64_t *judged = gen->figures.judged[mode][party];
	double all = (double)(judged[VOICE_EXACT] + judged[VOICE_PARTIAL]);

	if (gen->impaired || gen->playback != NULL || all < 20 ||
		(double)judged[VOICE_EXACT] >= all * EXACT_SHARE)
		return true;
	report_error("in mode %s the %s heard all whom they should in %llu of %.0f packets",
		mode_name(mode), party_name(party), (unsigned long long)judged[VOICE_EXACT], all);
	return false;
}

static void sum_verdicts(const struct gen *gen, uint64_t sums[static 3])
{
	memset(sums, 0, 3 * sizeof(*sums));
	for (enum mode mode = 0; mode < MODES; mode++)
		for (enum party party = 0; party < PARTIES; party++)
			for (unsigned v = 0; v < 3; v++)
				sums[v] += gen->figures.judged[mode][party][v];
}

static bool report_checks(struct gen *gen, struct results *results)
{
	static const struct {
		const char *name, *note;
	} verdicts[] = {
		[VOICE_EXACT] = { "check_exact", "packets in which a listener heard exactly who "
						 "they should" },
		[VOICE_PARTIAL] = { "check_partial",
			"packets in which somebody sets in or out, or is "
			"missing" },
		[VOICE_WRONG] = { "check_wrong",
			"packets in which a listener heard somebody else" },
	};
	uint64_t sums[3];
	bool right = !gen->wrong;

	sum_verdicts(gen, sums);
	for (enum mode mode = 0; mode < MODES; mode++)
		for (enum party party = 0; party < PARTIES; party++)
			right = is_heard(gen, mode, party) && right;
	for (unsigned v = 0; v < 3 && gen->options->check > 0; v++)
		results_add(results, verdicts[v].name, "", (double)sums[v], "", "%s",
			sums[v] > 0 && v == VOICE_WRONG	    ? gen->figures.wrong
			: sums[v] > 0 && v == VOICE_PARTIAL ? gen->figures.partial
							    : verdicts[v].note);
	if (gen->options->check > 0)
		results_add(results, "check_excused", "", (double)gen->figures.excused, "",
			"packets like the partial ones, in the %.2f s after we or the appliance "
			"were held up",
			(double)gen->figures.disturbed_tsc / (double)gen->tsc_hz);
	if (gen->options->check > 0)
		results_add(results, "check_checksum", "", (double)gen->figures.bad_checksums, "",
			"packets of those with a wrong checksum of IP or UDP");
	if (sums[VOICE_WRONG] > 0)
		report_error("%s", gen->figures.wrong);
	return right && sums[VOICE_WRONG] == 0 && gen->figures.bad_checksums == 0;
}

/* --- all of it --- */

/* The next packet of a source comes when it comes: a switch that has taken effect before is seen
 * only then. What is still as before tells the rest. */
static void report_effects(struct gen *gen, struct results *results)
{
	const struct histogram *first = &gen->figures.first_new, *last = &gen->figures.last_old;

	results_add(results, "switch_first_packet_p50_ms", "",
		(double)histogram_quantile(first, 0.5) / 1e6, "ms",
		"from the request to the first packet by the new mode, of %llu switches; a leg "
		"waits for it as long as its source does between two",
		(unsigned long long)first->count);
	results_add(results, "switch_first_packet_p99_ms", "",
		(double)histogram_quantile(first, 0.99) / 1e6, "ms", "the same");
	results_add(results, "switch_last_old_p99_ms", "",
		(double)histogram_quantile(last, 0.99) / 1e6, "ms",
		"from the request to the last packet by the old mode");
}

static void report_switches(struct gen *gen, struct results *results)
{
	struct switch_figures figures;

	switches_finish(gen->switches, &figures);
	results_add(results, "switches", "", figures.answered, "", "mode switches");
	results_add(results, "switches_refused", "", figures.refused, "", "%s",
		figures.refused > 0 ? figures.sentence : "none");
	results_add(results, "switch_p50_ms", "", figures.took.p50_ms, "ms",
		"from the request to its answer");
	results_add(results, "switch_p99_ms", "", figures.took.p99_ms, "ms", "the same");
	report_effects(gen, results);
}

static void report_streams(struct gen *gen, struct results *results)
{
	struct totals t;

	gen_total(gen, &t);
	results_add(results, "expected", "", (double)t.expected, "packets",
		"that %u listeners should have had", gen->table->count);
	results_add(results, "lost", "", (double)t.lost, "packets",
		"of those, besides %llu left out on purpose",
		(unsigned long long)gen->figures.left_out);
	results_add(results, "reordered", "", (double)t.late, "packets", "came late");
	results_add(results, "duplicates", "", (double)t.duplicates, "packets", "came twice");
	/* A source that was silent goes on at a later timestamp. */
	if (gen->options->silence == 0)
		results_add(results, "discontinued", "", (double)t.discontinued, "packets",
			"whose timestamp does not follow from the sequence number");
	if (gen->options->silence == 0)
		results_add(results, "resumed", "", (double)t.resumed, "packets",
			"likewise, but marked: a silence was before, and another clock");
	results_add(results, "wrong_ssrc", "", (double)t.other_ssrc, "packets",
		"of another stream than the API has told");
	results_add(results, "reports", "", (double)gen->figures.reports, "packets",
		"RTCP for those who listen");
	results_add(results, "strays", "", (double)gen->figures.strays, "packets",
		"for nobody, or no RTP");
	if (gen->options->rate_kind == RATE_REAL && !gen->options->search &&
		gen->turns.blocks == 1) {
		results_add(results, "jitter_ms", "", t.jitter_ms, "ms",
			"RFC 3550, mean of all listeners");
		results_add(results, "jitter_max_ms", "", t.jitter_most_ms, "ms", "the largest");
	}
}

bool measure_report_overload(struct gen *gen, struct results *results)
{
	struct totals t;
	uint64_t sums[3];

	gen_total(gen, &t);
	sum_verdicts(gen, sums);
	results_add(results, "overload_sent", "", (double)gen->figures.sent, "packets",
		"that our port took, of %.0f a second asked for", gen->options->overload);
	results_add(results, "overload_refused", "", (double)gen->figures.refused, "packets",
		"that it did not take");
	results_add(results, "overload_received", "", (double)gen->figures.received, "packets",
		"of %.0f that should have followed from those taken", (double)t.expected);
	results_add(results, "overload_disorder", "",
		(double)(t.late + t.duplicates + t.other_ssrc + t.discontinued), "packets",
		"late, twice, of another stream, or with a timestamp that does not follow");
	results_add(results, "overload_exact", "", (double)sums[VOICE_EXACT], "",
		"packets in which a listener heard exactly who they should");
	results_add(results, "overload_partial", "",
		(double)(sums[VOICE_PARTIAL] + gen->figures.excused), "",
		"packets in which somebody is missing, as packets are");
	results_add(results, "overload_wrong", "", (double)sums[VOICE_WRONG], "", "%s",
		sums[VOICE_WRONG] > 0 ? gen->figures.wrong
				      : "packets in which a listener heard somebody else");
	if (sums[VOICE_WRONG] > 0)
		report_error("in the overload: %s", gen->figures.wrong);
	return sums[VOICE_WRONG] == 0;
}

bool measure_report_recovery(struct gen *gen, struct results *results)
{
	uint64_t sums[3], last = gen->figures.last_partial_tsc;

	sum_verdicts(gen, sums);
	results_add(results, "recovery_ms", "",
		last == 0 ? 0 : (double)(last - gen->figures.begin_tsc) * 1e3 / (double)gen->tsc_hz,
		"ms", "after the overload, until the last packet that lacked somebody");
	if (sums[VOICE_WRONG] > 0)
		report_error("after the overload: %s", gen->figures.wrong);
	return sums[VOICE_WRONG] == 0;
}

bool measure_report(struct gen *gen, struct results *results)
{
	double seconds =
		(double)(gen->figures.end_tsc - gen->figures.begin_tsc) / (double)gen->tsc_hz;

	seconds = seconds > 0 ? seconds : 1;
	results_add(results, "seconds", "", seconds, "s", "of measuring; %u calls, %u sources",
		gen->table->call_count, gen->table->senders);
	results_add(results, "sent_pps", "", (double)gen->figures.sent / seconds, "1/s",
		"packets sent, %llu in all", (unsigned long long)gen->figures.sent);
	results_add(results, "received_pps", "", (double)gen->figures.received / seconds, "1/s",
		"packets received, %llu in all", (unsigned long long)gen->figures.received);
	report_streams(gen, results);
	report_delays(gen, results);
	results_add(results, "generator_busy", "",
		100.0 * (double)gen->figures.busy_tsc / (double)gen->tsc_hz / seconds, "%",
		"of our time went into packets: near 100, we are the limit");
	results_add(results, "generator_pause_us", "",
		(double)gen->figures.longest_tsc * 1e6 / (double)gen->tsc_hz, "us",
		"the longest in which we were kept from sending and receiving");
	if (gen->switches != NULL)
		report_switches(gen, results);
	return report_checks(gen, results);
}
