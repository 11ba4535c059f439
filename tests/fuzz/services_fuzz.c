/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* Requests of any method, by anybody, with any message, to the real services of an office, while
 * time passes and the data plane takes, refuses, or is silent. */
#include "office.h"

#define STREAM_FIRST 1
#define FRAME_HEADER 9
#define END_STREAM   0x1
#define END_HEADERS  0x4

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3 };

static const uint8_t preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
				 "\0\0\6\4\0\0\0\0\0\0\4\x7f\xff\xff\xff" /* SETTINGS */
				 "\0\0\4\x8\0\0\0\0\0\x7f\xfe\0\0";	  /* WINDOW_UPDATE */

/* Who asks: a process of this Unix user, in an organisation, as a user. */
static const struct {
	uint32_t uid;
	const char *organisation, *user;
} askers[] = {
	{ 0, "", "" },
	{ 0, "acme", "" },
	{ 0, "acme", "ann" },
	{ 0, "acme", "bob" },
	{ 0, "acme", "sue" },
	{ 0, "acme", "adam" },
	{ 0, "bell", "zoe" },
	{ 0, "bell", "" },
	{ 1, "acme", "" },
	{ 2, "acme", "sue" },
	{ 3, "acme", "sue" },
	{ 0, "nowhere", "nobody" },
};
#define ASKERS (sizeof(askers) / sizeof(askers[0]))

static uint32_t connected_as, last_stream;

/* The frame under way. */
static uint8_t frame[70000];
static size_t length;

static void put(const void *bytes, size_t size)
{
	REQUIRE(length + size <= sizeof(frame));
	memcpy(frame + length, bytes, size);
	length += size;
}

static void begin_frame(uint8_t type, uint8_t flags, uint32_t stream)
{
	const uint8_t header[FRAME_HEADER] = { 0, 0, 0, type, flags, (uint8_t)(stream >> 24),
		(uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream };

	length = 0;
	put(header, sizeof(header));
}

static void end_frame(void)
{
	size_t size = length - FRAME_HEADER;

	frame[0] = (uint8_t)(size >> 16);
	frame[1] = (uint8_t)(size >> 8);
	frame[2] = (uint8_t)size;
	office_receive(frame, length);
}

/* RFC 7541 section 6.2.2, without Huffman. Names and values are shorter than 127 bytes. */
static void put_header(const char *name, const char *value)
{
	const uint8_t name_size[] = { 0, (uint8_t)strlen(name) };
	const uint8_t value_size = (uint8_t)strlen(value);

	put(name_size, sizeof(name_size));
	put(name, name_size[1]);
	put(&value_size, 1);
	put(value, value_size);
}

static void connect_as(uint32_t uid)
{
	office_connect(uid);
	office_receive(preface, sizeof(preface) - 1);
	connected_as = uid;
	last_stream = 0;
}

/* The path of method number `n` of all that there are. */
static const char *path_of(unsigned n)
{
	static char path[128];
	unsigned count, total = 0;
	const struct grpc_service *services = office_services(&count);

	for (unsigned i = 0; i < count; i++)
		total += services[i].descriptor->n_methods;
	n %= total;
	while (n >= services->descriptor->n_methods)
		n -= services++->descriptor->n_methods;
	snprintf(path, sizeof(path), "/%s/%s", services->descriptor->name,
		services->descriptor->methods[n].name);
	return path;
}

static void send_message(uint32_t stream, struct bytes message, bool last)
{
	const uint8_t prefix[] = { 0, 0, 0, (uint8_t)(message.left >> 8), (uint8_t)message.left };

	begin_frame(DATA, last ? END_STREAM : 0, stream);
	put(prefix, sizeof(prefix));
	put(message.at, message.left);
	end_frame();
}

static void request(struct bytes *in, bool last)
{
	const char *path = path_of(take_u8(in));
	unsigned asker = take_u8(in) % ASKERS;

	if (askers[asker].uid != connected_as)
		connect_as(askers[asker].uid);
	last_stream = last_stream == 0 ? STREAM_FIRST : last_stream + 2;
	begin_frame(HEADERS, END_HEADERS, last_stream);
	put_header(":method", "POST");
	put_header(":scheme", "http");
	put_header(":path", path);
	put_header(":authority", "localhost");
	put_header("content-type", "application/grpc");
	put_header("te", "trailers");
	put_header("bridgetap-organisation", askers[asker].organisation);
	put_header("bridgetap-user", askers[asker].user);
	end_frame();
	send_message(last_stream, take_span(in, take_u16(in)), last);
}

static void cancel(uint32_t stream)
{
	begin_frame(RST_STREAM, 0, stream);
	put((const uint8_t[]){ 0, 0, 0, 8 }, 4);
	end_frame();
}

/* One of the streams of this connection, if there is any. */
static uint32_t stream_of(uint8_t choice)
{
	uint32_t back = 2u * (choice / 8 % 4);

	return last_stream > back ? last_stream - back : STREAM_FIRST;
}

static void step(struct bytes *in)
{
	uint8_t what = take_u8(in);

	switch (what % 8) {
	case 0:
		if (last_stream != 0)
			send_message(stream_of(what), take_span(in, take_u16(in)), what & 0x80);
		break;
	case 1:
		if (last_stream != 0)
			cancel(stream_of(what));
		break;
	case 2:
		office_step((uint64_t)take_u8(in) << what / 8 % 16);
		break;
	case 3:
		office_dataplane_will(what / 8 % 3);
		office_disk_is_full(what & 0x80);
		break;
	case 4:
		if (what & 0x80)
			office_dataplane_reconnects();
		else
			request(in, false);
		break;
	default:
		request(in, true);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };

	office_open(true);
	connect_as(0);
	while (in.left > 0)
		step(&in);
	office_close();
	return 0;
}
