/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* The recorder: packets of one stream, and where they belong on the recording's time axis. */
#include "fuzz.h"
#include "recorder/track.h"

#define LATE (TRACK_RATE / 2)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct track track = { 0 };
	uint64_t arrival = 0, from;

	while (in.left > 0) {
		int16_t *pcm = malloc(TRACK_MAX_SAMPLES * sizeof(*pcm));
		struct bytes packet;
		uint8_t *copy;
		uint64_t position = 0;
		unsigned count;

		arrival += (uint64_t)take_u8(&in) << take_u8(&in) % 24;
		packet = take_span(&in, take_u16(&in));
		copy = copy_of(packet.at, packet.left);
		from = arrival > LATE ? arrival - LATE : 0;
		count = track_take(&track, copy, packet.left, arrival, from, pcm, &position);
		REQUIRE(count <= TRACK_MAX_SAMPLES);
		free(copy);
		free(pcm);
	}
	return 0;
}
