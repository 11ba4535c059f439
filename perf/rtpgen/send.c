/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <string.h>

#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "rtpgen/gen.h"

#define SPURT_PACKETS  50 /* of speech, or of silence */
#define ALIGN_PAUSE_MS 80 /* after which another may clock the streams of a call */

static uint32_t next_random(struct gen *gen)
{
	gen->random ^= gen->random << 13;
	gen->random ^= gen->random >> 17;
	gen->random ^= gen->random << 5;
	return gen->random;
}

static bool happens(struct gen *gen, double share)
{
	return share > 0 && next_random(gen) < share * 4294967296.0;
}

/* --- sending --- */

/* Its time is noted just before it goes: the driver may have freed it afterwards. */
static void note(struct gen *gen, struct leg *leg, struct rte_mbuf *mbuf, uint64_t tsc)
{
	const uint8_t *rtp =
		rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, leg->header_length - TABLE_RTP);
	uint16_t sequence = (uint16_t)(rtp[2] << 8 | rtp[3]);

	if (tsc - leg->newest_tsc > gen->tsc_hz / 1000 * ALIGN_PAUSE_MS)
		gen->table->calls[leg->call].alignment++;
	leg->sent_tsc[sequence % TABLE_SENT] = tsc;
	/* One that comes late is not the newest; the first one ever is. */
	if (leg->newest_tsc == 0 || (int16_t)(sequence - leg->newest) > 0)
		leg->newest = sequence;
	leg->newest_tsc = tsc;
}

unsigned gen_flush(struct gen *gen, struct device *device)
{
	uint64_t tsc = rte_rdtsc();
	unsigned taken;

	if (device->pending == 0)
		return 0;
	for (unsigned i = 0; i < device->pending; i++)
		if (device->legs[i] != NULL)
			note(gen, device->legs[i], device->mbufs[i], tsc);
	taken = rte_eth_tx_burst(device->id, 0, device->mbufs, (uint16_t)device->pending);
	for (unsigned i = 0; i < taken; i++)
		if (device->legs[i] != NULL) {
			device->legs[i]->sent++;
			gen->figures.sent++;
		}
	device->pending -= taken;
	memmove(device->mbufs, device->mbufs + taken, device->pending * sizeof(device->mbufs[0]));
	memmove(device->legs, device->legs + taken, device->pending * sizeof(device->legs[0]));
	return taken;
}

bool gen_queue(struct gen *gen, struct device *device, struct rte_mbuf *mbuf, struct leg *leg)
{
	if (device->pending == DEVICE_PENDING)
		gen_flush(gen, device);
	if (device->pending == DEVICE_PENDING) {
		rte_pktmbuf_free(mbuf);
		return false;
	}
	if (gen->capture != NULL)
		capture_write(gen->capture, rte_rdtsc(), rte_pktmbuf_mtod(mbuf, const uint8_t *),
			rte_pktmbuf_data_len(mbuf));
	device->mbufs[device->pending] = mbuf;
	device->legs[device->pending++] = leg;
	return true;
}

/* --- speech --- */

/* Of UDP over IPv6, where it must be there (RFC 8200 section 8.1). */
static void fill_checksum(uint8_t *frame)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(frame + sizeof(struct rte_ether_hdr));
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	udp->dgram_cksum = 0;
	udp->dgram_cksum = rte_ipv6_udptcp_cksum(ip, udp);
}

/* The packet of this turn, with everything a leg's packets share copied from its template. */
static void make(struct gen *gen, struct leg *leg, struct rte_mbuf *mbuf)
{
	unsigned samples = options_samples(gen->options);
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	uint8_t *rtp = frame + leg->header_length - TABLE_RTP;
	uint32_t timestamp = rte_cpu_to_be_32(leg->timestamp);

	memcpy(frame, leg->header, TABLE_HEADER6); /* more than IPv4 has: a fixed size is faster */
	memcpy(rtp + TABLE_RTP, leg->payload, samples);
	rtp[2] = (uint8_t)(leg->sequence >> 8);
	rtp[3] = (uint8_t)leg->sequence;
	memcpy(rtp + 4, &timestamp, sizeof(timestamp));
	mbuf->data_len = (uint16_t)(leg->header_length + samples);
	mbuf->pkt_len = mbuf->data_len;
	mbuf->hash.usr = (uint32_t)(leg - gen->table->legs);
	if (leg->header_length == TABLE_HEADER6)
		fill_checksum(frame);
}

static void set_lengths(uint8_t *frame, bool six, unsigned length)
{
	struct rte_ipv4_hdr *four = (struct rte_ipv4_hdr *)(frame + sizeof(struct rte_ether_hdr));
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)four;
	struct rte_udp_hdr *udp =
		six ? (struct rte_udp_hdr *)(ip + 1) : (struct rte_udp_hdr *)(four + 1);

	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(sizeof(*udp) + length));
	if (six) {
		ip->payload_len = udp->dgram_len;
		fill_checksum(frame);
		return;
	}
	four->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*four) + sizeof(*udp) + length));
	four->hdr_checksum = 0;
	four->hdr_checksum = rte_ipv4_cksum(four);
}

void gen_write(struct gen *gen, struct leg *leg, struct rte_mbuf *mbuf, const uint8_t *rtp,
	unsigned length)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	unsigned before = leg->header_length - TABLE_RTP;

	memcpy(frame, leg->header, before);
	memcpy(frame + before, rtp, length);
	set_lengths(frame, leg->header_length == TABLE_HEADER6, length);
	mbuf->data_len = (uint16_t)(before + length);
	mbuf->pkt_len = mbuf->data_len;
	mbuf->hash.usr = (uint32_t)(leg - gen->table->legs);
}

static void advance(struct gen *gen, struct leg *leg)
{
	leg->sequence++;
	leg->timestamp += options_samples(gen->options);
}

/* Whether the leg says nothing in this turn, as a source that detects silence would. */
static bool is_silent(struct gen *gen, struct leg *leg)
{
	const double share = gen->options->silence;

	if (share == 0)
		return false;
	if (leg->spurt-- == 0) {
		leg->spurt = (uint16_t)(SPURT_PACKETS / 2 + next_random(gen) % SPURT_PACKETS);
		leg->silent = happens(gen, share);
	}
	return leg->silent;
}

/* When an impaired packet goes: never before an earlier one of its leg, unless it is to change
 * places with its successor. */
static uint64_t choose_time(struct gen *gen, struct leg *leg, uint64_t tsc)
{
	uint64_t ms = gen->tsc_hz / 1000, due = tsc;

	if (gen->options->jitter > 0)
		due += (uint64_t)(next_random(gen) / 4294967296.0 * gen->options->jitter *
				  (double)ms);
	due = RTE_MAX(due, leg->due);
	if (happens(gen, gen->options->reorder)) {
		double turn = turns_speaking(gen->table) / gen->pace.rate;

		return due + (uint64_t)(1.5 * turn * (double)gen->tsc_hz);
	}
	leg->due = due;
	return due;
}

static void send_impaired(struct gen *gen, struct leg *leg, struct rte_mbuf *mbuf, uint64_t tsc)
{
	if (is_silent(gen, leg)) {
		leg->timestamp += options_samples(gen->options);
		rte_pktmbuf_free(mbuf);
		return;
	}
	if (happens(gen, gen->options->loss)) {
		gen->figures.left_out++;
		leg->left_out++;
		advance(gen, leg);
		rte_pktmbuf_free(mbuf);
		return;
	}
	make(gen, leg, mbuf);
	advance(gen, leg);
	wheel_put(&gen->wheel, mbuf, choose_time(gen, leg, tsc));
}

/* --- pace --- */

static uint64_t turns_due(const struct gen *gen, uint64_t tsc)
{
	const struct pace *pace = &gen->pace;
	double seconds = (double)(tsc - pace->begin) / (double)gen->tsc_hz;

	if (pace->rate == 0)
		return UINT64_MAX;
	if (seconds < pace->ramp)
		return (uint64_t)(seconds * (pace->first + (pace->rate - pace->first) * seconds /
								   2 / pace->ramp));
	return (uint64_t)(pace->rate * seconds - (pace->rate - pace->first) * pace->ramp / 2);
}

static void send_held(struct gen *gen, uint64_t tsc)
{
	struct rte_mbuf *mbuf;

	while (gen->media.pending < DEVICE_PENDING && (mbuf = wheel_take(&gen->wheel, tsc)) != NULL)
		gen_queue(gen, &gen->media, mbuf, &gen->table->legs[mbuf->hash.usr]);
}

static unsigned speak(struct gen *gen, unsigned turns, uint64_t tsc)
{
	struct rte_mbuf *mbufs[DEVICE_BURST];

	if (rte_pktmbuf_alloc_bulk(gen->pool, mbufs, turns) != 0)
		return 0;
	for (unsigned i = 0; i < turns; i++) {
		struct leg *leg = turns_next(&gen->turns, tsc);

		if (gen->impaired) {
			send_impaired(gen, leg, mbufs[i], tsc);
			continue;
		}
		make(gen, leg, mbufs[i]);
		advance(gen, leg);
		gen_queue(gen, &gen->media, mbufs[i], leg);
	}
	gen->pace.slots += turns;
	return turns;
}

/* As a network would do whose port is full. */
static void drop_pending(struct gen *gen)
{
	struct device *device = &gen->media;

	for (unsigned i = 0; i < device->pending; i++)
		if (device->legs[i] != NULL) {
			device->legs[i]->left_out++;
			gen->figures.refused++;
		}
	rte_pktmbuf_free_bulk(device->mbufs, device->pending);
	device->pending = 0;
}

static unsigned play(struct gen *gen, uint64_t tsc)
{
	unsigned count = 0;

	while (gen->media.pending < DEVICE_BURST) {
		struct rte_mbuf *mbuf;
		const struct played *next = playback_next(gen->playback, tsc - gen->pace.begin);

		if (next == NULL || (mbuf = rte_pktmbuf_alloc(gen->pool)) == NULL)
			break;
		gen_write(gen, next->leg, mbuf, next->rtp, next->length);
		gen_queue(gen, &gen->media, mbuf, next->leg);
		count++;
	}
	return count;
}

unsigned gen_send(struct gen *gen, uint64_t tsc)
{
	uint64_t due;
	unsigned turns = 0;

	/* A port that takes no more slows us down: nothing is dropped here. */
	if (gen->media.pending >= DEVICE_BURST && !gen->overload)
		return gen_flush(gen, &gen->media);
	if (gen->media.pending > 0 && gen->overload) {
		gen_flush(gen, &gen->media);
		drop_pending(gen);
	}
	if (gen->playback != NULL) {
		turns = play(gen, tsc);
	} else {
		due = turns_due(gen, tsc);
		if (due > gen->pace.slots) {
			turns = (unsigned)RTE_MIN(due - gen->pace.slots, (uint64_t)DEVICE_BURST);
			turns = speak(gen, turns, tsc);
		}
		send_held(gen, tsc);
	}
	return turns + gen_flush(gen, &gen->media);
}
