/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* A sender's packets, however lost, doubled, reordered and restarted, through its source, the
 * stream that follows it, its ring, and a listener who reads the ring by a clock of its own. */
#include "fuzz.h"
#include "media/codec.h"
#include "media/gap.h"
#include "media/pcm_ring.h"
#include "media/rtp_source.h"
#include "media/rtp_stream.h"
#include "media/timeline.h"

#define RATE	 8000
#define SILENCE	 0xff
#define SSRC_OUT 0x5eed

struct rig {
	struct rtp_source source;
	struct rtp_source_past past;
	struct rtp_stream stream;
	struct pcm_ring ring;
	struct pcm_ring mended; /* the same with what was lost made up for */
	struct gap gap;
	struct timeline timeline; /* in that */
	unsigned frame;
	uint64_t now_us;
	uint32_t clock; /* timestamp of the listener's next read */

	struct rtp_packet sent; /* the newest packet that went out */
	uint16_t sequence_offset;
	uint32_t timestamp_offset;
	uint16_t samples;
	bool has_sent;
	bool follow; /* the next packet's offsets are new */
};

/* What is spoken at `timestamp`: never silence, and another byte a ring's length later. */
static uint8_t voice_at(uint32_t timestamp)
{
	return (uint8_t)(((timestamp * 2654435761u) >> 16) % SILENCE);
}

/* Everything that was read is what was spoken at that moment, or silence. */
static void check_voice(const uint8_t *samples, uint32_t timestamp, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		REQUIRE(samples[i] == SILENCE || samples[i] == voice_at(timestamp + i));
}

static void read_ring(const struct rig *rig, uint32_t timestamp, unsigned count)
{
	uint8_t *samples = malloc(count), *copy = malloc(count);
	unsigned held = pcm_ring_read(&rig->ring, timestamp, samples, count);
	const uint8_t *view = pcm_ring_view(&rig->ring, timestamp, copy, count);

	REQUIRE(held <= count && held <= rig->ring.filled);
	REQUIRE(pcm_ring_missing_before(&rig->ring, timestamp) == 0 || held < count ||
		rig->ring.filled == 0);
	check_voice(samples, timestamp, count);
	REQUIRE((view != NULL) == (held > 0));
	if (view != NULL)
		REQUIRE(memcmp(view, samples, count) == 0);
	free(samples);
	free(copy);
}

/* What came stays as it came. */
static void mend(struct rig *rig, const struct rtp_packet *packet, const uint8_t *voice)
{
	const struct codec *codec = codec_get(CODEC_PCMU);
	unsigned count = packet->payload_length;
	uint8_t *copy = malloc(count);
	enum gap_verdict verdict = GAP_NONE;

	if (!pcm_ring_append(&rig->mended, packet->timestamp, voice, count))
		verdict = gap_write(&rig->gap, &rig->mended, codec, packet->timestamp, voice, count,
			packet->marker);
	REQUIRE(rig->mended.filled <= PCM_RING_SAMPLES);
	if (verdict != GAP_TOO_OLD &&
		pcm_ring_missing_before(&rig->mended, packet->timestamp) == 0) {
		REQUIRE(pcm_ring_read(&rig->mended, packet->timestamp, copy, count) == count);
		REQUIRE(memcmp(copy, voice, count) == 0);
	}
	if (verdict == GAP_LOST)
		timeline_note_lost(&rig->timeline);
	if (verdict == GAP_LATE)
		timeline_note_late(&rig->timeline,
			(int32_t)(rig->clock + rig->timeline.offset - packet->timestamp), count);
	rig->frame = count;
	free(copy);
}

static void write_ring(struct rig *rig, const struct rtp_packet *packet)
{
	uint8_t *voice = malloc(packet->payload_length);

	for (unsigned i = 0; i < packet->payload_length; i++)
		voice[i] = voice_at(packet->timestamp + i);
	pcm_ring_write(&rig->ring, packet->timestamp, voice, packet->payload_length);
	REQUIRE(rig->ring.filled <= PCM_RING_SAMPLES);
	mend(rig, packet, voice);
	free(voice);
}

/* M26: constant offsets while one stream is followed; no step when another one is. */
static void check_sent(struct rig *rig, const struct rtp_packet *in, const struct rtp_packet *out)
{
	uint16_t sequence_offset = (uint16_t)(out->sequence - in->sequence);
	uint32_t timestamp_offset = out->timestamp - in->timestamp;

	REQUIRE(out->ssrc == SSRC_OUT);
	if (rig->has_sent && rig->follow) {
		REQUIRE(out->sequence == (uint16_t)(rig->sent.sequence + 1));
		REQUIRE(out->timestamp - rig->sent.timestamp <= INT32_MAX);
		REQUIRE(out->timestamp - rig->sent.timestamp >= rig->samples);
		REQUIRE(out->marker);
	} else if (rig->has_sent) {
		REQUIRE(sequence_offset == rig->sequence_offset);
		REQUIRE(timestamp_offset == rig->timestamp_offset);
	}
	rig->sequence_offset = sequence_offset;
	rig->timestamp_offset = timestamp_offset;
	if (!rig->has_sent || rtp_sequence_after(out->sequence, rig->sent.sequence)) {
		rig->sent = *out;
		rig->samples = in->payload_length;
	}
	rig->has_sent = true;
	rig->follow = false;
}

static void arrive(struct rig *rig, const struct rtp_packet *in)
{
	struct rtp_packet out = *in;
	uint32_t arrival = (uint32_t)(rig->now_us * RATE / 1000000);
	enum rtp_source_verdict verdict = rtp_source_update(&rig->source, &rig->past, in, arrival);

	rtp_source_lost(&rig->source, &rig->past);
	if (verdict == RTP_SOURCE_OTHER_SSRC &&
		rtp_source_change(&rig->source, &rig->past, in, arrival, in->marker))
		verdict = RTP_SOURCE_SSRC_CHANGED;
	if (verdict == RTP_SOURCE_IMPLAUSIBLE || verdict == RTP_SOURCE_STRAY ||
		verdict == RTP_SOURCE_OTHER_SSRC)
		return;
	if (verdict != RTP_SOURCE_OK) {
		pcm_ring_clear(&rig->ring);
		pcm_ring_clear(&rig->mended);
		timeline_reset(&rig->timeline);
		rtp_stream_follow(&rig->stream, in, in->payload_length, RATE, rig->now_us);
		rig->follow = true;
	}
	write_ring(rig, in);
	if (rtp_stream_map(&rig->stream, in, in->payload_length, rig->now_us, &out) !=
		RTP_STREAM_BEFORE)
		check_sent(rig, in, &out);
	else
		REQUIRE(!rig->follow);
}

/* A listener's frame, or the one before it once more. Wherever it reads, it is where samples may
 * be.
 */
static void listen(struct rig *rig, unsigned count, unsigned depth, bool again)
{
	struct voice voice = voice_of_ring(&rig->mended, codec_get(CODEC_PCMU));
	struct timeline_read want = {
		.voice = &voice,
		.timestamp = rig->clock - (again ? count : 0),
		.count = count,
		.depth = depth,
		.frame = rig->frame,
		.age = depth * 3,
		.newest = !again,
		.hurried = depth & 4,
	};
	int16_t *pcm = malloc(count * sizeof(*pcm));
	uint32_t at;

	if (!timeline_runs(&rig->timeline, &rig->mended, want.timestamp, count))
		timeline_read(&rig->timeline, &want, pcm);
	at = want.timestamp + rig->timeline.offset;
	REQUIRE((int32_t)(rig->mended.end - at) >= -3 * PCM_RING_SAMPLES &&
		(int32_t)(rig->mended.end - at) <= 3 * PCM_RING_SAMPLES);
	read_ring(rig, at, count);
	if (!again)
		rig->clock += count;
	free(pcm);
}

static unsigned samples_of(uint8_t byte)
{
	return 1 + byte * 2u % CODEC_MAX_SAMPLES;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	codec_init(UINT32_MAX);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct rtp_packet next = { .payload_length = 160 };
	struct rig rig = { .now_us = 1000000, .frame = 160 };
	uint8_t *samples = malloc(PCM_RING_SAMPLES), *mended = malloc(PCM_RING_SAMPLES);

	memset(samples, 0x33, PCM_RING_SAMPLES);
	memset(mended, 0x33, PCM_RING_SAMPLES);
	pcm_ring_init(&rig.ring, samples, 1, SILENCE);
	pcm_ring_init(&rig.mended, mended, 1, SILENCE);
	rtp_stream_init(&rig.stream, SSRC_OUT);
	next.ssrc = take_u8(&in);
	next.sequence = take_u16(&in);
	next.timestamp = take_u32(&in);
	while (in.left > 0) {
		uint8_t what = take_u8(&in);

		switch (what % 8) {
		case 0: /* lost */
			next.sequence = (uint16_t)(next.sequence + what / 8);
			next.timestamp += what / 8 * (uint32_t)next.payload_length;
			break;
		case 1: /* another stream, or another length */
			next.ssrc ^= what / 8 % 2;
			next.payload_length = (uint16_t)samples_of(take_u8(&in));
			break;
		case 2:
			next.sequence = take_u16(&in);
			break;
		case 3:
			next.timestamp = take_u32(&in);
			break;
		case 4: /* late, or once more */
			next.sequence = (uint16_t)(next.sequence - what / 8);
			next.timestamp -= what / 8 * (uint32_t)next.payload_length;
			break;
		case 5:
			rig.now_us += (uint64_t)take_u16(&in) << what / 8 % 24;
			break;
		case 6:
			listen(&rig, samples_of(take_u8(&in)), what * 4u, what & 64);
			break;
		default:
			arrive(&rig, &next);
			next.sequence++;
			next.timestamp += next.payload_length;
			next.marker = what & 8;
			rig.now_us += next.payload_length * 125u;
		}
	}
	free(mended);
	free(samples);
	return 0;
}
