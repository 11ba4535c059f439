/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/leg_stats.h"

#include "media/codec.h"
#include "media/quality.h"

typedef Bridgetap__Dataplane__V1__LegStats WireLegStats;

_Static_assert(
	(int)BRIDGETAP__DATAPLANE__V1__LEG_MEDIA__LEG_MEDIA_FLOWS == (int)LEG_MEDIA_FLOWS &&
		(int)BRIDGETAP__DATAPLANE__V1__LEG_MEDIA__LEG_MEDIA_SILENT ==
			(int)LEG_MEDIA_SILENT &&
		(int)BRIDGETAP__DATAPLANE__V1__LEG_MEDIA__LEG_MEDIA_NEVER == (int)LEG_MEDIA_NEVER,
	"whether media comes, on the wire and in the worker");

#define FRAME_MS 20.0 /* a packet's samples wait for the last of them */

static double rate(const struct leg_stats *stats, double loss, double delay_ms)
{
	const struct quality_input input = {
		/* Who plays G.711 conceals what is lost; of how it comes in bursts nobody tells. */
		.codec = stats->codec == CODEC_G722 ? &quality_g722 : &quality_g711_concealed,
		.loss = loss,
		.burst_ratio = 1,
		.delay_ms = delay_ms,
	};

	return quality_rating(&input);
}

static double share(double lost, double arrived)
{
	return lost <= 0 ? 0 : lost / (lost + arrived);
}

static void rate_incoming(const struct leg_stats *stats, WireLegStats *wire)
{
	double loss = share(stats->lost, (double)stats->packets);
	double trip_ms = stats->round_trip * 1000.0 / 65536;
	double jitter_ms = stats->jitter * 1000.0 / codec_get(stats->codec)->clock_rate;

	if (stats->packets == 0)
		return;
	wire->rating = rate(stats, loss, 0);
	wire->mos = quality_mos(wire->rating);
	wire->recent_mos = quality_mos(rate(stats, stats->fraction_lost / 256.0, 0));
	/* Half of the way there and back, a frame, and a buffer for the jitter. */
	if (stats->round_trip_known)
		wire->conversational_mos =
			quality_mos(rate(stats, loss, trip_ms / 2 + FRAME_MS + 2 * jitter_ms));
}

static void rate_outgoing(const struct leg_stats *stats, WireLegStats *wire)
{
	double sent = stats->sent_packets;

	if (!stats->far_reported || sent <= 0)
		return;
	wire->far_rating = rate(stats,
		stats->far_lost < sent ? share(stats->far_lost, sent - stats->far_lost) : 1, 0);
	wire->far_mos = quality_mos(wire->far_rating);
}

static void encode_hears(uint8_t roles, struct leg_stats_message *message)
{
	message->stats.hears = message->hears;
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (roles >> role & 1)
			message->hears[message->stats.n_hears++] =
				(Bridgetap__Dataplane__V1__Role)role;
}

void leg_stats_encode(const struct leg_stats *stats, struct leg_stats_message *message)
{
	WireLegStats *wire = &message->stats;

	bridgetap__dataplane__v1__leg_stats__init(wire);
	wire->id = stats->id;
	wire->role = (Bridgetap__Dataplane__V1__Role)stats->role;
	wire->ssrc = stats->ssrc;
	wire->packets = stats->packets;
	wire->octets = stats->octets;
	wire->lost = stats->lost;
	wire->fraction_lost = stats->fraction_lost;
	wire->jitter = stats->jitter;
	wire->silent_ms = stats->silent_us / 1000;
	wire->lifeless_ms = stats->lifeless_ms;
	wire->media = (Bridgetap__Dataplane__V1__LegMedia)stats->media;
	wire->said_bye = stats->said_bye;
	wire->sent_packets = stats->sent_packets;
	wire->sent_octets = stats->sent_octets;
	wire->far_reported = stats->far_reported;
	wire->far_lost = stats->far_lost;
	wire->far_fraction_lost = stats->far_fraction_lost;
	wire->far_jitter = stats->far_jitter;
	if (stats->round_trip_known)
		wire->round_trip_us =
			(uint32_t)((uint64_t)RTE_MAX(stats->round_trip, 1u) * 1000000 >> 16);
	rate_incoming(stats, wire);
	rate_outgoing(stats, wire);
	encode_hears(stats->hears, message);
}
