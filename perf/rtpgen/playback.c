/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "bench/report.h"
#include "rtpgen/capture.h"

#define MAGIC_NS  0xa1b23c4d
#define MAGIC_US  0xa1b2c3d4
#define ETHERNET  1
#define FRAME_MAX 1600

struct playback {
	struct played *packets;
	unsigned count, room, next;
	uint64_t first_ns;
};

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t get32(const uint8_t *bytes)
{
	return (uint32_t)get16(bytes) << 16 | get16(bytes + 2);
}

static void put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

/* --- reading --- */

static int add(struct playback *playback, struct leg *leg, uint64_t ns, const uint8_t *rtp,
	unsigned length)
{
	struct played *packet;

	if (playback->count == playback->room) {
		unsigned room = playback->room ? 2 * playback->room : 4096;
		struct played *packets =
			realloc(playback->packets, room * sizeof(*playback->packets));

		if (packets == NULL)
			return -ENOMEM;
		playback->packets = packets;
		playback->room = room;
	}
	packet = &playback->packets[playback->count];
	packet->rtp = malloc(length);
	if (packet->rtp == NULL)
		return -ENOMEM;
	memcpy(packet->rtp, rtp, length);
	if (playback->count++ == 0)
		playback->first_ns = ns;
	packet->leg = leg;
	packet->length = length;
	packet->tsc =
		(uint64_t)((double)(ns - playback->first_ns) * (double)rte_get_tsc_hz() / 1e9);
	return 0;
}

/* Whose frame it is, and where RTP begins in it; NULL where it is no RTP that one of our legs sent.
 */
static struct leg *sender_of(
	const struct table *table, const uint8_t *frame, unsigned length, unsigned *rtp)
{
	const uint8_t *ip = frame + sizeof(struct rte_ether_hdr);
	bool six = length > TABLE_HEADER6 && get16(frame + 12) == RTE_ETHER_TYPE_IPV6;
	const struct rte_ipv4_hdr *four = (const struct rte_ipv4_hdr *)ip;
	const struct rte_ipv6_hdr *header6 = (const struct rte_ipv6_hdr *)ip;
	struct ip_address from;

	*rtp = (six ? TABLE_HEADER6 : TABLE_HEADER) - TABLE_RTP;
	if (length <= *rtp + TABLE_RTP || frame[*rtp] >> 6 != 2)
		return NULL;
	if (six ? header6->proto != IPPROTO_UDP
		: get16(frame + 12) != RTE_ETHER_TYPE_IPV4 ||
				four->version_ihl != RTE_IPV4_VHL_DEF ||
				four->next_proto_id != IPPROTO_UDP)
		return NULL;
	from = six ? ip_of(header6->src_addr, true) : ip_of(&four->src_addr, false);
	return table_find(table, false, &from, get16(frame + *rtp - sizeof(struct rte_udp_hdr)));
}

static int read_frames(struct playback *playback, const struct table *table, FILE *file, bool ns)
{
	uint8_t frame[FRAME_MAX];
	uint32_t header[4];
	int ret = 0;

	while (ret == 0 && fread(header, sizeof(header), 1, file) == 1) {
		uint64_t at = header[0] * UINT64_C(1000000000) + header[1] * (ns ? 1u : 1000u);
		struct leg *leg;
		unsigned rtp;

		if (header[2] > sizeof(frame)) {
			if (fseek(file, header[2], SEEK_CUR) < 0)
				return -errno;
			continue;
		}
		if (fread(frame, header[2], 1, file) != 1)
			break; /* cut off in the middle, as a capture that was killed is */
		leg = sender_of(table, frame, header[2], &rtp);
		if (leg != NULL)
			ret = add(playback, leg, at, frame + rtp, header[2] - rtp);
	}
	return ret;
}

static int read_file(struct playback *playback, const struct table *table, const char *path)
{
	FILE *file = fopen(path, "rbe");
	uint32_t header[6];
	int ret;

	if (file == NULL)
		return report_error("cannot read %s: %s", path, strerror(errno));
	if (fread(header, sizeof(header), 1, file) != 1 ||
		(header[0] != MAGIC_NS && header[0] != MAGIC_US) || header[5] != ETHERNET)
		ret = report_error("%s is no capture of Ethernet in the format of pcap (pcapng is "
				   "not understood: editcap -F nsecpcap converts it)",
			path);
	else if (read_frames(playback, table, file, header[0] == MAGIC_NS) < 0)
		ret = report_error("%s cannot be read to its end", path);
	else if (playback->count == 0)
		ret = report_error("%s has no RTP that came from one of the addresses and ports "
				   "that these calls have",
			path);
	else
		ret = 0;
	fclose(file);
	return ret;
}

struct playback *playback_create(const char *path, struct table *table)
{
	struct playback *playback = calloc(1, sizeof(*playback));

	if (playback == NULL)
		report_out_of_memory();
	if (read_file(playback, table, path) == 0)
		return playback;
	playback_destroy(playback);
	return NULL;
}

void playback_destroy(struct playback *playback)
{
	if (playback == NULL)
		return;
	for (unsigned i = 0; i < playback->count; i++)
		free(playback->packets[i].rtp);
	free(playback->packets);
	free(playback);
}

/* --- playing --- */

void playback_begin(struct playback *playback)
{
	for (unsigned i = 0; i < playback->count; i++)
		playback->packets[i].leg->spurt = 0;
	for (unsigned i = 0; i < playback->count; i++) {
		struct played *packet = &playback->packets[i];
		struct leg *leg = packet->leg;
		uint32_t timestamp;

		/* The first one tells how far the numbers of a leg are to be moved. */
		if (leg->spurt == 0) {
			leg->spurt = 1;
			leg->sequence = (uint16_t)(leg->sequence - get16(packet->rtp + 2));
			leg->timestamp -= get32(packet->rtp + 4);
		}
		put16(packet->rtp + 2, (uint16_t)(get16(packet->rtp + 2) + leg->sequence));
		timestamp = rte_cpu_to_be_32(get32(packet->rtp + 4) + leg->timestamp);
		memcpy(packet->rtp + 4, &timestamp, sizeof(timestamp));
		memcpy(packet->rtp + 8, leg->header + leg->header_length - 4, 4);
	}
}

const struct played *playback_next(struct playback *playback, uint64_t tsc)
{
	if (playback->next == playback->count || playback->packets[playback->next].tsc > tsc)
		return NULL;
	return &playback->packets[playback->next++];
}

double playback_seconds(const struct playback *playback)
{
	return (double)playback->packets[playback->count - 1].tsc / (double)rte_get_tsc_hz();
}
