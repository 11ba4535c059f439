/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/convert_stats.h"

#define CLOCK_RATE_KHZ 8.0 /* of G.711 and G.722: timestamp units a millisecond */

static const char *role_name(Bridgetap__Dataplane__V1__Role role)
{
	switch (role) {
	case BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_AGENT:
		return "agent";
	case BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_CUSTOMER:
		return "customer";
	case BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_MONITOR:
		return "monitor";
	default:
		return "recorder";
	}
}

static void encode_hears(struct arena *arena, Bridgetap__V1__LegStats *out,
	const Bridgetap__Dataplane__V1__LegStats *in)
{
	out->hears = arena_alloc(arena, (in->n_hears + 1) * sizeof(*out->hears));
	for (; out->hears != NULL && out->n_hears < in->n_hears; out->n_hears++)
		out->hears[out->n_hears] = (char *)(uintptr_t)role_name(in->hears[out->n_hears]);
}

static void encode_leg(struct arena *arena, Bridgetap__V1__LegStats *to,
	const Bridgetap__Dataplane__V1__LegStats *from)
{
	static const char *const media[] = { "awaited", "flows", "silent", "never" };
	double lost = from->lost > 0 ? from->lost : 0;

	bridgetap__v1__leg_stats__init(to);
	to->role = (char *)(uintptr_t)role_name(from->role);
	to->ssrc = from->ssrc;
	to->packets = from->packets;
	to->octets = from->octets;
	to->lost = from->lost;
	to->loss = lost > 0 ? lost / (lost + (double)from->packets) : 0;
	to->recent_loss = from->fraction_lost / 256.0;
	to->jitter_ms = from->jitter / CLOCK_RATE_KHZ;
	to->silent_ms = from->silent_ms;
	to->said_bye = from->said_bye;
	if ((size_t)from->media < sizeof(media) / sizeof(media[0]))
		to->media = (char *)(uintptr_t)media[from->media];
	to->sent_packets = from->sent_packets;
	to->sent_octets = from->sent_octets;
	to->far_reported = from->far_reported;
	to->far_lost = from->far_lost;
	to->far_recent_loss = from->far_fraction_lost / 256.0;
	to->far_jitter_ms = from->far_jitter / CLOCK_RATE_KHZ;
	to->round_trip_ms = from->round_trip_us / 1000.0;
	to->rating = from->rating;
	to->mos = from->mos;
	to->recent_mos = from->recent_mos;
	to->conversational_mos = from->conversational_mos;
	to->far_rating = from->far_rating;
	to->far_mos = from->far_mos;
	encode_hears(arena, to, from);
}

Bridgetap__V1__LegStats **encode_leg_stats(struct arena *arena,
	Bridgetap__Dataplane__V1__LegStats *const *legs, size_t count, size_t *encoded)
{
	Bridgetap__V1__LegStats *items = arena_alloc(arena, (count + 1) * sizeof(*items));
	Bridgetap__V1__LegStats **list = arena_alloc(arena, (count + 1) * sizeof(*list));

	*encoded = 0;
	if (items == NULL || list == NULL)
		return NULL;
	for (; *encoded < count; (*encoded)++) {
		list[*encoded] = &items[*encoded];
		encode_leg(arena, list[*encoded], legs[*encoded]);
	}
	return list;
}
