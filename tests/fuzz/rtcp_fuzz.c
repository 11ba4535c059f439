/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* A datagram as compound RTCP, for a sender and a receiver that the input names, too; and what it
 * says of them, written and read again. */
#include "fuzz.h"
#include "media/rtcp_write.h"

static void check_blocks(const struct rtcp_block *a, const struct rtcp_block *b)
{
	REQUIRE(a->ssrc == b->ssrc && a->fraction_lost == b->fraction_lost && a->lost == b->lost);
	REQUIRE(a->highest == b->highest && a->jitter == b->jitter);
	REQUIRE(a->last_sr == b->last_sr && a->since_last_sr == b->since_last_sr);
}

static void check_senders(const struct rtcp_sender *a, const struct rtcp_sender *b)
{
	REQUIRE(a->ntp.seconds == b->ntp.seconds && a->ntp.fraction == b->ntp.fraction);
	REQUIRE(a->timestamp == b->timestamp && a->packets == b->packets);
	REQUIRE(a->octets == b->octets);
}

static void check_writing(const struct rtcp_summary *summary, uint32_t ours, uint32_t theirs)
{
	const struct rtcp_compound compound = {
		.ssrc = theirs,
		.sender = summary->has_sender ? &summary->sender : NULL,
		.block = summary->has_block ? &summary->block : NULL,
		.bye = summary->says_bye,
	};
	uint8_t out[RTCP_WRITE_MAX];
	unsigned length = rtcp_write(&compound, out);
	struct rtcp_summary again;

	REQUIRE(length <= sizeof(out) && length % 4 == 0);
	REQUIRE(rtcp_parse(out, length, ours, theirs, &again) == RTCP_OK);
	REQUIRE(again.ssrc == theirs && again.says_bye == summary->says_bye);
	REQUIRE(again.has_sender == summary->has_sender);
	REQUIRE(again.has_block == summary->has_block);
	if (again.has_sender)
		check_senders(&again.sender, &summary->sender);
	if (again.has_block)
		check_blocks(&again.block, &summary->block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	uint32_t ours = take_u8(&in), theirs = take_u8(&in);
	struct rtcp_summary summary;
	uint8_t *copy = copy_of(in.at, in.left);

	if (rtcp_parse(copy, in.left, ours, theirs, &summary) == RTCP_OK) {
		REQUIRE(in.left >= 8 && in.left % 4 == 0);
		REQUIRE(!summary.has_block || summary.block.ssrc == ours);
		REQUIRE(!summary.has_block || (summary.block.lost >= RTCP_LOST_MIN &&
						      summary.block.lost <= RTCP_LOST_MAX));
		check_writing(&summary, ours, theirs);
	}
	free(copy);
	return 0;
}
