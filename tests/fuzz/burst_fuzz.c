/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* Frames of a call, damaged and whole, through the real worker, while the call changes. Agent and
 * customer speak quietly and the monitor loudly, and only the monitor's own frames are left as they
 * are: whoever must not hear the monitor, but does, is found by the level. */
#include "fuzz.h"
#include "net/verify.h"
#include "sums.h"
#include "unit/dpdk/fixture.h"

#define LOUD	  16000
#define HEARD	  6000 /* more than both parties together, less than the monitor */
#define HEADERS	  (14 + HEADER_IPV4_SIZE + RTP_HEADER_SIZE)
#define SPEAKERS  (MONITOR + 1)
#define EDITS_MAX 8

static uint64_t injected;
static bool fading[PARTY_COUNT]; /* what was heard may still fade in the next packet */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	/* What the fixture requires is required here, too. */
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	start_eal(NULL);
	return 0;
}

static bool may_hear_monitor(enum party party)
{
	enum mode mode = plans[MONITOR].mode;

	if (party == AGENT)
		return mode == MODE_WHISPER || mode == MODE_BARGE;
	return party == CUSTOMER && mode == MODE_BARGE;
}

static bool is_loud(const struct heard *heard)
{
	for (unsigned i = 0; i < heard->count; i++)
		if (heard->pcm[i] > HEARD || heard->pcm[i] < -HEARD)
			return true;
	return false;
}

static void check_what_is_heard(void)
{
	struct heard heard;

	for (unsigned party = 0; party < PARTY_COUNT; party++)
		while (take(party, &heard)) {
			REQUIRE(heard.rtp.ssrc == plans[party].ssrc);
			REQUIRE(may_hear_monitor(party) || fading[party] || !is_loud(&heard));
			fading[party] = false;
		}
}

/* Whatever came in has been accepted, or was dropped for a reason that has a name. */
static void check_counters(void)
{
	uint64_t accounted = counted(COUNTER_rx_accepted) + counted(COUNTER_rtcp_received);

	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		if (strncmp(counter_name(i), "drop_", 5) == 0)
			accounted += counted(i);
	REQUIRE(accounted == injected);
	REQUIRE(counted(COUNTER_guard_dropped) == 0);
}

static void quiet(uint8_t payload[FRAME], uint8_t seed)
{
	for (unsigned i = 0; i < FRAME; i++)
		payload[i] = (uint8_t)(0xf0 | (seed * i >> 3 & 15));
}

/* What a tag, or any four bytes after the addresses, moves. */
static void insert_tag(struct rte_mbuf *mbuf, uint32_t tag)
{
	uint8_t *data = (uint8_t *)rte_pktmbuf_prepend(mbuf, 4);
	const uint8_t bytes[] = { (uint8_t)(tag >> 24), (uint8_t)(tag >> 16), (uint8_t)(tag >> 8),
		(uint8_t)tag };

	memmove(data, data + 4, 12);
	memcpy(data + 12, bytes, 4);
}

static void damage(struct rte_mbuf *mbuf, struct bytes *in)
{
	uint8_t edits = take_u8(in), *data;
	struct frame frame;

	for (unsigned i = 0; i < edits % EDITS_MAX; i++) {
		data = rte_pktmbuf_mtod(mbuf, uint8_t *);
		data[take_u8(in) % HEADERS] = take_u8(in);
	}
	if (edits & 0x10)
		insert_tag(mbuf, take_u32(in));
	if (edits & 0x20)
		rte_pktmbuf_trim(mbuf, take_u8(in));
	data = rte_pktmbuf_mtod(mbuf, uint8_t *);
	if (!(edits & 0x40) && frame_parse(data, rte_pktmbuf_data_len(mbuf), &frame) == FRAME_OK)
		sums_make_right(data, &frame);
	/* As if the port did not look: it is found here what it would have said. */
	mbuf->ol_flags = 0;
	verify_checksums(&mbuf, 1);
}

static void send_damaged(enum party party, struct bytes *in)
{
	uint8_t payload[FRAME];
	struct rte_mbuf *mbuf;

	quiet(payload, take_u8(in));
	mbuf = build(party, payload, FRAME);
	damage(mbuf, in);
	if (take_u8(in) & 1)
		mbuf->port = ports.port[1].id;
	injected++;
	inject(mbuf);
}

static void speak(enum party party, uint8_t length)
{
	uint8_t payload[FRAME];

	injected++;
	if (party == MONITOR) {
		say(MONITOR, length & 1 ? LOUD : -LOUD);
		return;
	}
	quiet(payload, length);
	say_payload(party, payload, 1 + length % FRAME);
}

/* The call becomes another: who is in it, the mode, the codecs. */
static void change_call(struct bytes *in)
{
	uint8_t codecs = take_u8(in);

	for (unsigned party = 0; party < PARTY_COUNT; party++) {
		fading[party] |= may_hear_monitor(party);
		plans[party].codec = codecs >> party & 1 ? CODEC_PCMA : CODEC_PCMU;
		plans[party].payload_type = codecs >> party & 1 ? 8 : 0;
	}
	plans[MONITOR].mode = take_u8(in) % MODE_COUNT;
	put_call(1u << AGENT | take_u8(in) % (1u << OTHER_AGENT));
}

static void step(struct bytes *in)
{
	uint8_t what = take_u8(in);
	enum party party = what / 8 % SPEAKERS;

	switch (what % 8) {
	case 0:
		send_damaged(party, in);
		break;
	case 1:
		lose(party, what / 32);
		break;
	case 2:
		new_stream(party, take_u8(in));
		break;
	case 3:
		now_us += (uint64_t)take_u8(in) << what / 8 % 20;
		break;
	case 4:
		change_call(in);
		break;
	default:
		speak(party, take_u8(in));
		now_us += FRAME_US / SPEAKERS;
	}
	check_what_is_heard();
	check_counters();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };

	injected = 0;
	memset(fading, 0, sizeof(fading));
	new_call(NULL);
	change_call(&in);
	while (in.left > 0)
		step(&in);
	end_call(NULL);
	return 0;
}
