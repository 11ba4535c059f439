/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "blast/streams.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IP     14
#define UDP    (IP + 20)
#define RTP    (UDP + 8)
#define SOUND  (RTP + 12)
#define PERIOD 17 /* samples of the tone: of no packet's length, so that no two are alike */

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, (uint16_t)(value >> 16));
	put16(at + 2, (uint16_t)value);
}

static uint16_t header_checksum(const uint8_t *ip)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

static bool parse_line(struct stream *stream, const char *line)
{
	char local[16], remote[16];
	unsigned local_port, remote_port;

	memset(stream, 0, sizeof(*stream));
	if (sscanf(line, "%15s %u %15s %u", local, &local_port, remote, &remote_port) != 4 ||
		local_port > 65535 || remote_port > 65535 ||
		inet_pton(AF_INET, local, &stream->local) != 1 ||
		inet_pton(AF_INET, remote, &stream->remote) != 1)
		return false;
	stream->local_port = (uint16_t)local_port;
	stream->remote_port = (uint16_t)remote_port;
	return true;
}

int streams_load(struct stream **streams, const char *path)
{
	FILE *file = fopen(path, "r");
	struct stream *grown;
	unsigned count = 0;
	char line[128];
	int ret = 0;

	*streams = NULL;
	if (file == NULL)
		return -errno;
	while (ret == 0 && fgets(line, sizeof(line), file) != NULL) {
		if (count % 1024 == 0) {
			grown = realloc(*streams, (count + 1024) * sizeof(**streams));
			if (grown == NULL) {
				ret = -ENOMEM;
				break;
			}
			*streams = grown;
		}
		if (parse_line(&(*streams)[count], line))
			count++;
		else
			ret = -EINVAL;
	}
	fclose(file);
	if (ret == 0 && count > 0)
		return (int)count;
	free(*streams);
	return ret < 0 ? ret : -EINVAL;
}

void stream_init(struct stream *stream, const uint8_t from[6], const uint8_t to[6], unsigned number)
{
	uint8_t *frame = stream->frame;

	memset(frame, 0, STREAM_FRAME);
	memcpy(frame, to, 6);
	memcpy(frame + 6, from, 6);
	put16(frame + 12, 0x0800);
	frame[IP] = 0x45;
	put16(frame + IP + 2, STREAM_FRAME - IP);
	frame[IP + 8] = 64;
	frame[IP + 9] = IPPROTO_UDP;
	memcpy(frame + IP + 12, &stream->local, 4);
	memcpy(frame + IP + 16, &stream->remote, 4);
	put16(frame + IP + 10, header_checksum(frame + IP));
	put16(frame + UDP, stream->local_port);
	put16(frame + UDP + 2, stream->remote_port);
	put16(frame + UDP + 4, STREAM_FRAME - UDP);
	frame[RTP] = 0x80;
	put32(frame + RTP + 8, 0xb1a50000u + number);
	for (unsigned i = 0; i < STREAM_SAMPLES; i++)
		frame[SOUND + i] = (uint8_t)((i + number) % PERIOD < PERIOD / 2 ? 0xa5 : 0x25);
	stream->sequence = (uint16_t)(number * 7);
	stream->timestamp = number * 1000;
}

void stream_advance(struct stream *stream)
{
	stream->sequence++;
	stream->timestamp += STREAM_SAMPLES;
	put16(stream->frame + RTP + 2, stream->sequence);
	put32(stream->frame + RTP + 4, stream->timestamp);
}

int mac_parse(uint8_t mac[6], const char *text)
{
	char rest;

	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx%c", &mac[0], &mac[1], &mac[2], &mac[3],
		       &mac[4], &mac[5], &rest) == 6
		       ? 0
		       : -EINVAL;
}
