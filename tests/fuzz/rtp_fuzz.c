/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* A datagram as RTP: fields against a reading of the tests' own, and once more after writing; and
 * its payload as an event or as noise. */
#include "fuzz.h"
#include "media/comfort_noise.h"
#include "media/rtp.h"
#include "media/telephone_event.h"

#define NOISE_SAMPLES 160

/* Where the payload begins by RFC 3550 section 5.1; `size` is at least a header's. */
static size_t payload_offset(const uint8_t *data, size_t size)
{
	size_t offset = RTP_HEADER_SIZE + 4u * (data[0] & 15);

	if (!(data[0] & 0x10))
		return offset;
	REQUIRE(offset + 4 <= size);
	return offset + 4 + 4 * (size_t)(data[offset + 2] << 8 | data[offset + 3]);
}

static void check_packet(const struct rtp_packet *packet, const uint8_t *data, size_t size)
{
	size_t padding, offset;

	REQUIRE(size >= RTP_HEADER_SIZE && data[0] >> 6 == 2);
	padding = data[0] & 0x20 ? data[size - 1] : 0;
	offset = payload_offset(data, size);
	REQUIRE(packet->payload == data + offset);
	REQUIRE(offset + packet->payload_length + padding == size);
	REQUIRE(!(data[0] & 0x20) || padding > 0);
	REQUIRE(packet->payload_type == (data[1] & 127) && packet->marker == data[1] >> 7);
}

static void check_writing(const struct rtp_packet *packet)
{
	uint8_t header[RTP_HEADER_SIZE];
	uint64_t sum = rtp_write_header(header, packet), expected = 0;
	struct rtp_packet again;
	uint32_t word;

	for (unsigned i = 0; i < sizeof(header); i += sizeof(word)) {
		memcpy(&word, header + i, sizeof(word));
		expected += word;
	}
	REQUIRE(sum == expected);
	REQUIRE(rtp_parse(header, sizeof(header), &again) == RTP_OK);
	REQUIRE(again.sequence == packet->sequence && again.timestamp == packet->timestamp);
	REQUIRE(again.ssrc == packet->ssrc && again.marker == packet->marker);
	REQUIRE(again.payload_type == packet->payload_type && again.payload_length == 0);
}

/* The payload as what is no voice. */
static void check_unvoiced(const struct rtp_packet *packet)
{
	struct telephone_event event;
	int16_t noise[NOISE_SAMPLES];

	if (telephone_event_parse(packet->payload, packet->payload_length, &event))
		REQUIRE(packet->payload_length >= TELEPHONE_EVENT_SIZE);
	if (packet->payload_length > 0)
		comfort_noise_write(noise, NOISE_SAMPLES, packet->payload, packet->ssrc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtp_packet packet;
	uint8_t *copy;

	if (size > UINT16_MAX)
		return 0;
	copy = copy_of(data, size);
	rtp_is_rtcp(copy, size);
	if (rtp_parse(copy, size, &packet) == RTP_OK) {
		check_packet(&packet, copy, size);
		check_writing(&packet);
		check_unvoiced(&packet);
	}
	free(copy);
	return 0;
}
