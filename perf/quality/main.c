/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>

#include "quality/rig.h"

/* A call through the real worker, as fast as it goes: packets come in as standard input has them,
 * with their times, and what the worker makes of each goes to standard output (quality/wire.h). */

static const char usage[] =
	"Usage: bridgetap-bench-quality EAL-ARGUMENTS -- forward|listen|whisper|barge <IN >OUT\n";

static const struct {
	const char *name;
	enum mode mode;
} modes[] = {
	{ "forward", MODE_NONE },
	{ "listen", MODE_LISTEN },
	{ "whisper", MODE_WHISPER },
	{ "barge", MODE_BARGE },
};

static const enum counter told[] = { COUNTER_rx_accepted, COUNTER_forwarded, COUNTER_mixed,
	COUNTER_mix_underrun, COUNTER_mix_moved, COUNTER_voice_lost, COUNTER_voice_late,
	COUNTER_clock_changed };

static enum mode mode_of(const char *name)
{
	for (unsigned i = 0; i < RTE_DIM(modes); i++)
		if (strcmp(modes[i].name, name) == 0)
			return modes[i].mode;
	fputs(usage, stderr);
	exit(EXIT_FAILURE);
}

static bool next_packet(struct wire *wire, uint8_t *payload)
{
	if (fread(wire, sizeof(*wire), 1, stdin) != 1)
		return false;
	if (wire->party >= WIRE_PARTIES || wire->length > CODEC_MAX_SAMPLES ||
		fread(payload, 1, wire->length, stdin) != wire->length)
		die("standard input is not what it should be");
	return true;
}

static void pass_on(struct quality_rig *rig, uint64_t now_us)
{
	struct wire wire = { .us = now_us };
	uint8_t payload[CODEC_MAX_SAMPLES];

	while (rig_take(rig, &wire, payload))
		if (fwrite(&wire, sizeof(wire), 1, stdout) != 1 ||
			fwrite(payload, 1, wire.length, stdout) != wire.length)
			die("standard output is closed");
}

int main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv);
	uint8_t payload[CODEC_MAX_SAMPLES];
	struct quality_rig rig;
	struct wire wire;
	enum mode mode;

	if (used < 0 || argc - used != 2) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	mode = mode_of(argv[used + 1]);
	codec_init(UINT_MAX);
	if (!next_packet(&wire, payload))
		die("nobody says anything");
	rig_start(&rig, mode, wire.us);
	do {
		if (wire.party < 2 || mode != MODE_NONE)
			rig_put(&rig, &wire, payload);
		pass_on(&rig, wire.us);
	} while (next_packet(&wire, payload));
	for (unsigned i = 0; i < RTE_DIM(told); i++)
		fprintf(stderr, "%s=%llu%c", counter_name(told[i]),
			(unsigned long long)counters_get(&rig.worker->counters, told[i]),
			i + 1 < RTE_DIM(told) ? ' ' : '\n');
	return EXIT_SUCCESS;
}
