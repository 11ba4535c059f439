/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/codec.h"

#include <stddef.h>

#include "media/g722.h"
#include "media/kernels.h"

#include "fastpath.h"

static struct codec codecs[CODEC_COUNT] = {
	[CODEC_PCMU] = {
		.name = "PCMU",
		.clock_rate = 8000,
		.sample_rate = 8000,
		.payload_type = 0,
		.silence = 0xff,
	},
	[CODEC_PCMA] = {
		.name = "PCMA",
		.clock_rate = 8000,
		.sample_rate = 8000,
		.payload_type = 8,
		.silence = 0xd5,
	},
	[CODEC_G722] = {
		.name = "G722",
		.clock_rate = 8000, /* RFC 3551 section 4.5.2: kept, although it was a mistake */
		.sample_rate = 16000,
		.payload_type = 9,
		.stateful = &g722,
	},
};

const struct codec *codec_get(unsigned id)
{
	return id > CODEC_NONE && id < CODEC_COUNT ? &codecs[id] : NULL;
}

static void use_kernels(struct codec *codec, enum law law)
{
	codec->decode = kernels->decode[law];
	codec->encode = kernels->encode[law];
	codec->mix = kernels->mix[law];
	codec->mix_encode = kernels->mix_encode[law];
}

void codec_init(unsigned max_simd_bits)
{
	kernels_init(max_simd_bits);
	use_kernels(&codecs[CODEC_PCMU], LAW_ULAW);
	use_kernels(&codecs[CODEC_PCMA], LAW_ALAW);
}
