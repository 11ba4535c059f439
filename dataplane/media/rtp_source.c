/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/rtp_source.h"

#include <stddef.h>

#include "fastpath.h"

/* RFC 3550 A.1 */
#define SEQUENCE_COUNT 65536u
#define MAX_MISORDER   100
#define NO_SEQUENCE    (SEQUENCE_COUNT + 1)

/* The number is compared alone, and may come round, but not to that of a stream never heard. */
static void begin_anew(struct rtp_source *source)
{
	source->restarts = (uint16_t)(source->restarts + 1);
	if (source->restarts == 0)
		source->restarts = 1;
}

static void restart(struct rtp_source *source, struct rtp_source_past *past,
	const struct rtp_packet *packet, uint32_t arrival)
{
	past->received_before += source->received;
	past->lost_before += rtp_source_lost(source, past);
	source->ssrc = packet->ssrc;
	past->base_sequence = source->max_sequence = packet->sequence;
	past->cycles = 0;
	past->bad_sequence = NO_SEQUENCE;
	past->in_row = 0;
	past->expects_another = false;
	source->received = 1;
	source->transit = arrival - packet->timestamp;
	past->counts++;
	begin_anew(source);
}

/* False, and no update, where the timestamp is of another clock. */
static bool update_jitter(struct rtp_source *source, uint32_t timestamp, uint32_t arrival)
{
	uint32_t transit = arrival - timestamp;
	uint32_t d = transit - source->transit;

	if ((int32_t)d < 0)
		d = -d;
	if (d > RTP_SOURCE_MAX_STEP)
		return false;
	source->transit = transit;
	source->jitter += d - ((source->jitter + 8) >> 4);
	return true;
}

/* What a packet in sequence is whose timestamp is of another clock. */
static enum rtp_source_verdict clock_jumped(
	struct rtp_source *source, const struct rtp_packet *packet, uint32_t arrival)
{
	if (packet->sequence != source->max_sequence)
		return RTP_SOURCE_STRAY;
	source->transit = arrival - packet->timestamp;
	source->received++;
	begin_anew(source);
	return RTP_SOURCE_CLOCK_JUMPED;
}

enum rtp_source_verdict rtp_source_update(struct rtp_source *source, struct rtp_source_past *past,
	const struct rtp_packet *packet, uint32_t arrival)
{
	uint16_t ahead = (uint16_t)(packet->sequence - source->max_sequence);

	if (source->restarts == 0) {
		restart(source, past, packet, arrival);
		return RTP_SOURCE_STARTED;
	}
	if (packet->ssrc != source->ssrc)
		return RTP_SOURCE_OTHER_SSRC;
	if (ahead < RTP_SOURCE_MAX_DROPOUT) {
		if (packet->sequence < source->max_sequence)
			past->cycles += SEQUENCE_COUNT;
		source->max_sequence = packet->sequence;
	} else if (ahead <= SEQUENCE_COUNT - MAX_MISORDER) {
		if (packet->sequence == past->bad_sequence && source->received == past->received) {
			restart(source, past, packet, arrival);
			return RTP_SOURCE_SEQUENCE_JUMPED;
		}
		past->bad_sequence = (packet->sequence + 1) & (SEQUENCE_COUNT - 1);
		past->received = source->received;
		return RTP_SOURCE_IMPLAUSIBLE;
	}
	if (!update_jitter(source, packet->timestamp, arrival))
		return clock_jumped(source, packet, arrival);
	source->received++;
	return RTP_SOURCE_OK;
}

bool rtp_source_change(struct rtp_source *source, struct rtp_source_past *past,
	const struct rtp_packet *packet, uint32_t arrival, bool silent)
{
	bool goes_on = past->in_row > 0 && packet->ssrc == past->next_ssrc &&
		       packet->sequence == past->next_sequence &&
		       source->received == past->received;

	past->in_row = goes_on ? (uint8_t)(past->in_row + 1) : 1;
	past->next_ssrc = packet->ssrc;
	past->next_sequence = (uint16_t)(packet->sequence + 1);
	past->received = source->received;
	if (!silent && !past->expects_another && past->in_row < RTP_SOURCE_IN_ROW)
		return false;
	restart(source, past, packet, arrival);
	return true;
}

int32_t rtp_source_lost(const struct rtp_source *source, const struct rtp_source_past *past)
{
	return (int32_t)(rtp_source_expected(source, past) - source->received);
}

int32_t rtp_source_all_lost(const struct rtp_source *source, const struct rtp_source_past *past)
{
	return past->lost_before + rtp_source_lost(source, past);
}
