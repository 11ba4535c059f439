/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/rtp_source.h"

#include <stddef.h>

#include "fastpath.h"

/* RFC 3550 A.1 */
#define SEQUENCE_COUNT 65536u
#define MAX_DROPOUT    3000
#define MAX_MISORDER   100
#define NO_SEQUENCE    (SEQUENCE_COUNT + 1)

static void restart(struct rtp_source *source, struct rtp_source_past *past,
	const struct rtp_packet *packet, uint32_t arrival)
{
	source->ssrc = packet->ssrc;
	past->base_sequence = source->max_sequence = packet->sequence;
	past->cycles = 0;
	past->bad_sequence = NO_SEQUENCE;
	source->received = 1;
	source->transit = arrival - packet->timestamp;
	source->restarts++;
}

static void update_jitter(struct rtp_source *source, uint32_t timestamp, uint32_t arrival)
{
	uint32_t transit = arrival - timestamp;
	int32_t d = (int32_t)(transit - source->transit);

	source->transit = transit;
	source->jitter += (uint32_t)(d < 0 ? -d : d) - ((source->jitter + 8) >> 4);
}

enum rtp_source_verdict rtp_source_update(struct rtp_source *source, struct rtp_source_past *past,
	const struct rtp_packet *packet, uint32_t arrival)
{
	uint16_t ahead = (uint16_t)(packet->sequence - source->max_sequence);

	if (source->restarts == 0) {
		restart(source, past, packet, arrival);
		return RTP_SOURCE_STARTED;
	}
	if (packet->ssrc != source->ssrc) {
		restart(source, past, packet, arrival);
		return RTP_SOURCE_SSRC_CHANGED;
	}
	if (ahead < MAX_DROPOUT) {
		if (packet->sequence < source->max_sequence)
			past->cycles += SEQUENCE_COUNT;
		source->max_sequence = packet->sequence;
	} else if (ahead <= SEQUENCE_COUNT - MAX_MISORDER) {
		if (packet->sequence == past->bad_sequence) {
			restart(source, past, packet, arrival);
			return RTP_SOURCE_SEQUENCE_JUMPED;
		}
		past->bad_sequence = (packet->sequence + 1) & (SEQUENCE_COUNT - 1);
		return RTP_SOURCE_IMPLAUSIBLE;
	}
	source->received++;
	update_jitter(source, packet->timestamp, arrival);
	return RTP_SOURCE_OK;
}

int32_t rtp_source_lost(const struct rtp_source *source, const struct rtp_source_past *past)
{
	uint32_t extended_max = past->cycles + source->max_sequence;
	uint32_t expected = extended_max - past->base_sequence + 1;

	return source->restarts == 0 ? 0 : (int32_t)(expected - source->received);
}
