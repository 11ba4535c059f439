/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/relay.h"

#include "steer_fixture.h"

/* Calls that the XDP program forwards, in the kernel itself by BPF_PROG_RUN: what comes out is
 * compared with frames that are built here from nothing, checksums included. */

#define SLOTS	 64
#define REALM	 3
#define HOP	 7
#define PAYLOAD	 160
#define LATER_NS 3600000000000ull

static struct relay *relays;
static struct relay_hop *hops;
static struct relay_port *port;

/* --- frames --- */

/* What a frame is made of, and how it differs from a plain one. */
struct spec {
	int ipv6, vlan; /* VLAN id, 0 for none */
	unsigned service;
	const char *macs;
	const char *from, *to; /* of the family */
	unsigned from_port, to_port;
	unsigned traffic_class, ttl, id, fragment;
	unsigned options; /* words of IPv4 options */
	unsigned next_header;
	unsigned first, payload_type; /* bytes of the RTP header, the marker in the latter */
	unsigned sequence, ssrc;
	uint32_t timestamp;
	unsigned payload;  /* bytes */
	unsigned trailing; /* bytes behind the datagram */
	int no_checksum, only_pseudo;
};

struct frame {
	uint8_t bytes[1024];
	unsigned length, udp;
};

#define MACS_IN	 "\x02\0\0\0\0\1\x02\0\0\0\0\2"
#define MACS_OUT "\x02\0\0\0\0\x77\x02\0\0\0\0\1"

static const struct spec incoming = { 0, 0, 0, MACS_IN, "198.51.100.9", "192.0.2.1", 4000, 20002, 0,
	57, 77, 0, 0, 17, 0x80, 0, 1000, 0xabcd0123, 160000, PAYLOAD, 0, 0, 0 };
static const struct spec outgoing = { 0, 0, 0, MACS_OUT, "192.0.2.5", "203.0.113.200", 20106, 6000,
	46 << 2, 64, 0, 0x4000, 0, 17, 0x80, 0, 1500, 0x11223344, 7000, PAYLOAD, 0, 0, 0 };

static void put(struct frame *f, const void *bytes, unsigned length)
{
	memcpy(f->bytes + f->length, bytes, length);
	f->length += length;
}

static void put16(struct frame *f, unsigned value)
{
	const uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	put(f, bytes, 2);
}

static void put32(struct frame *f, uint32_t value)
{
	put16(f, value >> 16);
	put16(f, value & 0xffff);
}

static void put_address(struct frame *f, const char *text)
{
	uint8_t address[16];
	int ipv6 = strchr(text, ':') != NULL;

	assert_int_equal(inet_pton(ipv6 ? AF_INET6 : AF_INET, text, address), 1);
	put(f, address, ipv6 ? 16 : 4);
}

/* RFC 1071, the plain way. */
static unsigned sum_of(const uint8_t *bytes, unsigned length, uint32_t sum)
{
	for (unsigned i = 0; i < length; i++)
		sum += (uint32_t)bytes[i] << (i & 1 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void set16(struct frame *f, unsigned at, unsigned value)
{
	f->bytes[at] = (uint8_t)(value >> 8);
	f->bytes[at + 1] = (uint8_t)value;
}

/* The sum of the pseudo header (RFC 768, RFC 8200 section 8.1). */
static unsigned pseudo_of(const struct spec *spec)
{
	struct frame pseudo = { .length = 0 };

	put_address(&pseudo, spec->from);
	put_address(&pseudo, spec->to);
	put16(&pseudo, 17);
	put16(&pseudo, 8 + 12 + spec->payload);
	return sum_of(pseudo.bytes, pseudo.length, 0);
}

static void put_ip(struct frame *f, const struct spec *spec)
{
	unsigned udp_length = 8 + 12 + spec->payload, ip = f->length, length;

	if (spec->ipv6) {
		put32(f, 6u << 28 | spec->traffic_class << 20 | (spec->id & 0xfffff));
		put16(f, udp_length);
		put16(f, spec->next_header << 8 | spec->ttl);
		put_address(f, spec->from);
		put_address(f, spec->to);
		return;
	}
	length = 20 + 4 * spec->options;
	put16(f, (0x45u + spec->options) << 8 | spec->traffic_class);
	put16(f, length + udp_length);
	put16(f, spec->id);
	put16(f, spec->fragment);
	put16(f, spec->ttl << 8 | spec->next_header);
	put16(f, 0);
	put_address(f, spec->from);
	put_address(f, spec->to);
	for (unsigned i = 0; i < spec->options; i++)
		put32(f, 0x01010101);
	set16(f, ip + 10, ~sum_of(f->bytes + ip, length, 0) & 0xffff);
}

static struct frame build(const struct spec *spec)
{
	struct frame f = { .length = 0 };
	unsigned checksum;

	put(&f, spec->macs, 12);
	if (spec->service) {
		put16(&f, 0x88a8);
		put16(&f, spec->service);
	}
	if (spec->vlan) {
		put16(&f, 0x8100);
		put16(&f, (unsigned)spec->vlan);
	}
	put16(&f, spec->ipv6 ? 0x86dd : 0x0800);
	put_ip(&f, spec);
	f.udp = f.length;
	put16(&f, spec->from_port);
	put16(&f, spec->to_port);
	put16(&f, 8 + 12 + spec->payload);
	put16(&f, 0);
	put16(&f, spec->first << 8 | spec->payload_type);
	put16(&f, spec->sequence);
	put32(&f, spec->timestamp);
	put32(&f, spec->ssrc);
	for (unsigned i = 0; i < spec->payload; i++)
		put(&f, &(uint8_t){ (uint8_t)(i * 7 + 3) }, 1);
	checksum = ~sum_of(f.bytes + f.udp, f.length - f.udp, pseudo_of(spec)) & 0xffff;
	if (checksum == 0)
		checksum = 0xffff;
	set16(&f, f.udp + 6,
		spec->no_checksum   ? 0
		: spec->only_pseudo ? pseudo_of(spec)
				    : checksum);
	memset(f.bytes + f.length, 0, spec->trailing);
	f.length += spec->trailing;
	return f;
}

/* --- the program and its maps --- */

static void *map_memory(const char *name, size_t size)
{
	int fd = steer_map(name);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static void add_relays(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "relays", sizeof(uint32_t),
		sizeof(struct relay), SLOTS, &options);
	int realms = steer_map(RELAY_MAP_REALMS);
	uint32_t key = REALM;

	assert_true(fd >= 0);
	assert_int_equal(bpf_map_update_elem(realms, &key, &fd, BPF_ANY), 0);
	relays =
		mmap(NULL, SLOTS * sizeof(struct relay), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(relays, MAP_FAILED);
	close(fd);
}

static void add_realm(const char *address, unsigned service, unsigned vlan)
{
	const struct steer_realm realm = { 20000, 20000 + 2 * SLOTS - 1, REALM };

	steer_add_realm(address, service, vlan, &realm);
}

static int load(void **state)
{
	steer_load(state);
	hops = map_memory(RELAY_MAP_HOPS, RELAY_HOPS_MAX * sizeof(*hops));
	port = map_memory(RELAY_MAP_PORT, 4096);
	add_relays();
	add_realm("192.0.2.1", 0, 0);
	add_realm("192.0.2.1", 0, 100);
	add_realm("192.0.2.1", 200, 100);
	add_realm("2001:db8::1", 0, 0);
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Run the program on `in`; returns its verdict, with what became of the frame in `out`. */
static unsigned run(const struct frame *in, struct frame *out)
{
	out->length = sizeof(out->bytes);
	return steer_run(in->bytes, in->length, out->bytes, &out->length);
}

/* --- the relay, as the worker would fill it in --- */

static uint16_t in_memory(unsigned sum)
{
	return htons((uint16_t)sum);
}

static void address_of(const char *text, void *v4, uint8_t *v6)
{
	if (strchr(text, ':') != NULL)
		assert_int_equal(inet_pton(AF_INET6, text, v6), 1);
	else
		assert_int_equal(inet_pton(AF_INET, text, v4), 1);
}

/* Of the fields of a packet that a relay has as constants, as one sum. */
static unsigned constants_of(const struct spec *spec)
{
	struct frame f = { .length = 0 };

	put_address(&f, spec->from);
	put_address(&f, spec->to);
	put16(&f, 17);
	put16(&f, spec->from_port);
	put16(&f, spec->to_port);
	put32(&f, spec->ssrc);
	put16(&f, spec->payload_type & 0x7f);
	return sum_of(f.bytes, f.length, 0);
}

static unsigned addresses_of(const struct spec *spec)
{
	struct frame f = { .length = 0 };

	put_address(&f, spec->from);
	put_address(&f, spec->to);
	put16(&f, 17);
	return sum_of(f.bytes, f.length, 0);
}

static unsigned ip_sum_of(const struct spec *spec)
{
	struct frame f = { .length = 0 };

	put16(&f, 0x4500 | spec->traffic_class);
	put16(&f, 0x4000);
	put16(&f, 64 << 8 | 17);
	put_address(&f, spec->from);
	put_address(&f, spec->to);
	return sum_of(f.bytes, f.length, 0);
}

/* Make it a stream of which a packet that comes now is so late, in timestamp units. */
static void set_late(struct relay *relay, const struct spec *in, uint32_t late)
{
	uint32_t arrival =
		(uint32_t)((now_ns() >> RELAY_CLOCK_SHIFT) * RELAY_CLOCK_FACTOR(8000) >> 32);

	relay->transit = arrival - in->timestamp - late;
}

static struct relay *relay_between(const struct spec *in, const struct spec *out)
{
	struct relay *r = &relays[(in->to_port - 20000) / 2];

	memset(r, 0, sizeof(*r));
	r->ipv6 = (uint8_t)in->ipv6;
	address_of(in->from, &r->from, r->from6);
	address_of(out->from, &r->local, r->local6);
	address_of(out->to, &r->remote, r->remote6);
	r->from_port = htons((uint16_t)in->from_port);
	r->local_port = htons((uint16_t)out->from_port);
	r->remote_port = htons((uint16_t)out->to_port);
	r->ssrc = htonl(in->ssrc);
	r->out_ssrc = htonl(out->ssrc);
	r->payload_type = in->payload_type & 0x7f;
	r->out_payload_type = out->payload_type & 0x7f;
	r->payload_max = 480;
	r->traffic_class = (uint8_t)out->traffic_class;
	r->hop = HOP;
	r->pseudo_sum = in_memory(addresses_of(in));
	r->ip_sum = out->ipv6 ? 0 : in_memory(ip_sum_of(out));
	r->udp_sum = in_memory(sum_of(NULL, 0, constants_of(out) + 0xffff - constants_of(in)));
	r->sequence_offset = (uint16_t)(out->sequence - in->sequence);
	r->timestamp_offset = out->timestamp - in->timestamp;
	r->clock_factor = RELAY_CLOCK_FACTOR(8000);
	r->max_sequence = (uint16_t)(in->sequence - 1);
	r->timestamp = in->timestamp - PAYLOAD;
	set_late(r, in, 0);
	r->received = 5;
	r->active = 1;
	return r;
}

static void set_hop(const struct spec *out)
{
	struct relay_hop *hop = &hops[HOP];

	memset(hop, 0, sizeof(*hop));
	memcpy(hop->bytes, out->macs, 12);
	hop->length = 12;
	for (int inner = 0; inner < 2; inner++) {
		unsigned id = inner ? (unsigned)out->vlan : out->service;
		const uint8_t tag[4] = { inner ? 0x81 : 0x88, inner ? 0 : 0xa8, 0, (uint8_t)id };

		if (id == 0)
			continue;
		memcpy(hop->bytes + hop->length, tag, sizeof(tag));
		hop->length += sizeof(tag);
	}
	hop->length += 2;
}

static int begin(void **state)
{
	(void)state;
	memset(relays, 0, SLOTS * sizeof(*relays));
	*port = (struct relay_port){ .until_ns = now_ns() + LATER_NS };
	set_hop(&outgoing);
	return 0;
}

static void is_relayed(const struct spec *in, const struct spec *out)
{
	struct frame sent = build(in), expected = build(out), got = { .length = 0 };
	uint64_t before = steer_counted(STEER_RELAYED);

	assert_int_equal(run(&sent, &got), XDP_TX);
	assert_int_equal(got.length, expected.length);
	assert_memory_equal(got.bytes, expected.bytes, expected.length);
	assert_int_equal(steer_counted(STEER_RELAYED), before + 1);
}

/* The frame goes to the data plane as it is, and the relay knows nothing of it. */
static void is_left_alone(const struct frame *sent, const char *why)
{
	struct relay before[SLOTS];
	struct frame got = { .length = 0 };
	uint64_t relayed = steer_counted(STEER_RELAYED),
		 to_dataplane = steer_counted(STEER_TO_DATAPLANE);
	unsigned verdict;

	memcpy(before, relays, sizeof(before));
	verdict = run(sent, &got);
	if (verdict != XDP_PASS && verdict != XDP_REDIRECT)
		fail_msg("%s: the verdict is %u", why, verdict);
	assert_int_equal(got.length, sent->length);
	assert_memory_equal(got.bytes, sent->bytes, sent->length);
	for (unsigned i = 0; i < SLOTS; i++) {
		/* A second that packets are counted in may begin with any of them. */
		before[i].window_ns = relays[i].window_ns;
		before[i].window_packets = relays[i].window_packets;
	}
	assert_memory_equal(before, relays, sizeof(before));
	assert_int_equal(steer_counted(STEER_RELAYED), relayed);
	if (steer_counted(STEER_TO_DATAPLANE) != to_dataplane + 1)
		fail_msg("%s: not counted", why);
}

/* --- what is forwarded --- */

static void a_plain_packet_is_rewritten_exactly(void **state)
{
	struct spec in = incoming, out = outgoing;

	(void)state;
	for (unsigned payload = 1; payload <= 480; payload += payload < 8 ? 1 : 59) {
		in.payload = out.payload = payload;
		relay_between(&in, &out);
		is_relayed(&in, &out);
	}
}

static void the_marker_and_another_payload_type_are_kept(void **state)
{
	struct spec in = incoming, out = outgoing;

	(void)state;
	in.payload_type = 0x80 | 97;
	out.payload_type = 0x80 | 110;
	relay_between(&in, &out);
	is_relayed(&in, &out);
	in.payload_type = 97;
	out.payload_type = 110;
	in.sequence = 1001;
	out.sequence = 1501;
	is_relayed(&in, &out);
}

static void ipv6_is_rewritten_exactly(void **state)
{
	struct spec in = incoming, out = outgoing;

	(void)state;
	in.ipv6 = out.ipv6 = 1;
	in.from = "2001:db8:9::9";
	in.to = "2001:db8::1";
	out.from = "2001:db8::1";
	out.to = "2001:db8:7::ffff:7";
	relay_between(&in, &out);
	is_relayed(&in, &out);
	in.no_checksum = 1;
	struct frame without = build(&in);

	is_left_alone(&without, "IPv6 without a checksum");
}

static void a_vlan_tag_becomes_that_of_the_next_hop(void **state)
{
	struct spec in = incoming, out = outgoing;

	(void)state;
	in.vlan = 0xa000 | 100; /* with a priority */
	out.vlan = 101;
	set_hop(&out);
	relay_between(&in, &out);
	is_relayed(&in, &out);
}

static void two_tags_become_those_of_the_next_hop(void **state)
{
	struct spec in = incoming, out = outgoing;

	(void)state;
	in.service = 200;
	in.vlan = 0xa000 | 100;
	out.service = 201;
	out.vlan = 101;
	set_hop(&out);
	relay_between(&in, &out);
	is_relayed(&in, &out);
}

static void no_checksum_stays_no_checksum(void **state)
{
	struct spec in = incoming, out = outgoing;

	(void)state;
	in.no_checksum = out.no_checksum = 1;
	relay_between(&in, &out);
	is_relayed(&in, &out);
}

/* Whatever the sums come to, also where they fold to 0. One in 65,536 is that of the pseudo header
 * by chance: that packet the data plane forwards. */
static void checksums_are_right_for_all_sequence_numbers(void **state)
{
	struct spec in = incoming, out = outgoing;
	struct relay *relay = relay_between(&in, &out);
	unsigned pseudo = pseudo_of(&in), by_chance = 0;
	struct frame sent;

	(void)state;
	for (unsigned n = 0; n < 70000; n += n % 64 ? 1 : 37) {
		in.sequence = (incoming.sequence + n) & 0xffff;
		out.sequence = (outgoing.sequence + n) & 0xffff;
		in.timestamp = incoming.timestamp + n * 0x10001;
		out.timestamp = outgoing.timestamp + n * 0x10001;
		relay->window_packets = 0;
		set_late(relay, &in, 0);
		sent = build(&in);
		if ((sent.bytes[sent.udp + 6] << 8 | sent.bytes[sent.udp + 7]) != (int)pseudo) {
			is_relayed(&in, &out);
			continue;
		}
		is_left_alone(&sent, "by chance as it would be with nothing but a pseudo header");
		by_chance++;
	}
	assert_in_range(by_chance, 0, 4);
	assert_int_equal(relay->cycles, 65536);
}

static void a_damaged_payload_stays_a_damaged_one(void **state)
{
	struct frame sent = build(&incoming), expected = build(&outgoing), got = { .length = 0 };

	(void)state;
	relay_between(&incoming, &outgoing);
	sent.bytes[sent.length - 5] ^= 0x10;
	expected.bytes[expected.length - 5] ^= 0x10;
	assert_int_equal(run(&sent, &got), XDP_TX);
	assert_memory_equal(got.bytes, expected.bytes, expected.length);
}

static void it_leaves_by_redirect_where_the_port_asks_for_it(void **state)
{
	struct frame sent = build(&incoming), expected = build(&outgoing), got = { .length = 0 };

	(void)state;
	relay_between(&incoming, &outgoing);
	port->redirects = 1;
	assert_int_equal(run(&sent, &got), XDP_REDIRECT);
	assert_memory_equal(got.bytes, expected.bytes, expected.length);
}

/* --- what is noted --- */

static void what_has_come_is_noted(void **state)
{
	struct relay *relay = relay_between(&incoming, &outgoing);
	struct spec in = incoming;
	struct frame sent, got;
	uint64_t begun = now_ns();
	uint32_t transit, jitter = 0;
	int32_t d;

	(void)state;
	for (unsigned n = 0; n < 50; n++) {
		in.sequence = incoming.sequence + n;
		in.timestamp = incoming.timestamp + n * PAYLOAD;
		transit = relay->transit;
		sent = build(&in);
		assert_int_equal(run(&sent, &got), XDP_TX);
		d = (int32_t)(relay->transit - transit);
		jitter += (uint32_t)abs(d) - ((jitter + 8) >> 4);
	}
	assert_int_equal(relay->received, 5 + 50);
	assert_int_equal(relay->bytes, 50 * PAYLOAD);
	assert_int_equal(relay->max_sequence, incoming.sequence + 49);
	assert_int_equal(relay->timestamp, incoming.timestamp + 49 * PAYLOAD);
	assert_int_equal(relay->frame, PAYLOAD);
	assert_int_equal(relay->jitter, jitter);
	assert_in_range(relay->heard_ns, begun, now_ns());
	/* Eight a millisecond, to the microsecond. */
	assert_in_range((uint32_t)(relay->transit + relay->timestamp) -
				(uint32_t)(relay->heard_ns / 125000) + 10,
		9, 11);
}

static void what_comes_late_is_forwarded_and_is_not_the_newest(void **state)
{
	struct relay *relay = relay_between(&incoming, &outgoing);
	struct spec in = incoming, out = outgoing;

	(void)state;
	is_relayed(&in, &out);
	in.sequence -= 99;
	out.sequence -= 99;
	in.timestamp -= 99 * PAYLOAD;
	out.timestamp -= 99 * PAYLOAD;
	set_late(relay, &in, 12000);
	is_relayed(&in, &out);
	assert_int_equal(relay->max_sequence, incoming.sequence);
	assert_int_equal(relay->timestamp, incoming.timestamp);
	assert_int_equal(relay->received, 7);
}

static void a_wrap_begins_another_cycle(void **state)
{
	struct spec in = incoming, out = outgoing;
	struct relay *relay;

	(void)state;
	in.sequence = 65535;
	out.sequence = 3;
	relay = relay_between(&in, &out);
	is_relayed(&in, &out);
	assert_int_equal(relay->cycles, 0);
	in.sequence = 2; /* two were lost */
	out.sequence = 6;
	is_relayed(&in, &out);
	assert_int_equal(relay->cycles, 65536);
	assert_int_equal(relay->max_sequence, 2);
}

/* --- what is not --- */

static void whatever_is_not_exactly_plain_goes_to_the_data_plane(void **state)
{
	const struct {
		const char *what;
		size_t field;
		unsigned value;
	} changes[] = {
#define FIELD(name, value) { #name, offsetof(struct spec, name), value }
		FIELD(from_port, 4001),
		FIELD(to_port, 20004), /* no call there */
		FIELD(to_port, 20003), /* RTCP */
		FIELD(options, 1),
		FIELD(first, 0x81), /* a CSRC */
		FIELD(first, 0x90), /* an extension */
		FIELD(first, 0xa0), /* padding */
		FIELD(first, 0x40), /* version 1 */
		FIELD(first, 0x00),
		FIELD(payload_type, 8),
		FIELD(payload_type, 101),
		FIELD(payload_type, 0x80 | 72), /* RTCP on the RTP port */
		FIELD(ssrc, 0xabcd0124),
		FIELD(payload, 0),
		FIELD(payload, 481),
		FIELD(trailing, 1),
		FIELD(trailing, 18),
		FIELD(only_pseudo, 1),
		FIELD(sequence, 999 + RELAY_MAX_DROPOUT),
		FIELD(sequence, 999 - RELAY_MAX_MISORDER),
		FIELD(sequence, 40000),
#undef FIELD
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		struct spec in = incoming;
		struct frame sent;

		relay_between(&incoming, &outgoing);
		memcpy((char *)&in + changes[i].field, &changes[i].value, sizeof(unsigned));
		sent = build(&in);
		is_left_alone(&sent, changes[i].what);
	}
}

static void the_last_of_each_range_is_still_forwarded(void **state)
{
	struct spec in = incoming, out = outgoing;

	(void)state;
	relay_between(&in, &out);
	in.sequence = 999 + RELAY_MAX_DROPOUT - 1;
	out.sequence = 1499 + RELAY_MAX_DROPOUT - 1;
	is_relayed(&in, &out);
	in = incoming;
	out = outgoing;
	relay_between(&in, &out);
	in.sequence = 999 - RELAY_MAX_MISORDER + 1;
	out.sequence = 1499 - RELAY_MAX_MISORDER + 1;
	is_relayed(&in, &out);
}

/* So that jitter is measured by one clock, and whoever mixes the voice later knows of the other. */
static void a_timestamp_of_another_clock_goes_to_the_data_plane(void **state)
{
	static const uint32_t steps[] = { RELAY_MAX_STEP + 1, 1u << 31, -1000000u,
		-(RELAY_MAX_STEP + 4000u) };
	struct frame sent = build(&incoming);
	struct relay *relay;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		relay = relay_between(&incoming, &outgoing);
		set_late(relay, &incoming, steps[i]);
		is_left_alone(&sent, "another clock");
	}
	relay = relay_between(&incoming, &outgoing);
	set_late(relay, &incoming, RELAY_MAX_STEP - 4000);
	is_relayed(&incoming, &outgoing);
	relay = relay_between(&incoming, &outgoing);
	set_late(relay, &incoming, -(uint32_t)RELAY_MAX_STEP);
	is_relayed(&incoming, &outgoing);
}

static void a_stranger_is_left_to_the_data_plane(void **state)
{
	struct spec in = incoming;
	struct frame sent;

	(void)state;
	relay_between(&incoming, &outgoing);
	in.from = "198.51.100.10";
	sent = build(&in);
	is_left_alone(&sent, "another address");
	in = incoming;
	in.ipv6 = 1;
	in.from = "2001:db8:9::9";
	in.to = "2001:db8::1";
	sent = build(&in);
	is_left_alone(&sent, "another family");
	relays[(incoming.to_port - 20000) / 2].ipv6 = 1;
	sent = build(&incoming);
	is_left_alone(&sent, "the other family");
}

static void lengths_that_disagree_go_to_the_data_plane(void **state)
{
	struct frame sent = build(&incoming);

	(void)state;
	relay_between(&incoming, &outgoing);
	set16(&sent, 16, 20 + 8 + 12 + PAYLOAD - 1);
	is_left_alone(&sent, "the IP header's length");
	sent = build(&incoming);
	set16(&sent, sent.udp + 4, 8 + 12 + PAYLOAD - 1);
	is_left_alone(&sent, "the UDP header's length");
	sent = build(&incoming);
	set16(&sent, sent.udp + 4, 8);
	is_left_alone(&sent, "no payload by the UDP header");
	for (unsigned length = sent.udp + 8; length < sent.udp + 20; length++) {
		sent = build(&incoming);
		sent.length = length;
		is_left_alone(&sent, "cut within the RTP header");
	}
}

static void nothing_is_forwarded_without_relay_next_hop_or_lease(void **state)
{
	struct frame sent = build(&incoming);
	struct relay *relay = relay_between(&incoming, &outgoing);

	(void)state;
	relay->active = 0;
	is_left_alone(&sent, "not active");
	relay->active = 1;
	hops[HOP].length = 0;
	is_left_alone(&sent, "no next hop");
	hops[HOP].length = 18;
	is_left_alone(&sent, "a next hop with a tag");
	hops[HOP].length = 14;
	relay->hop = RELAY_HOPS_MAX;
	is_left_alone(&sent, "a next hop that cannot be");
	relay->hop = HOP;
	port->until_ns = now_ns() - 1;
	is_left_alone(&sent, "the lease is over");
	port->until_ns = 0;
	is_left_alone(&sent, "no lease");
	port->until_ns = now_ns() + LATER_NS;
	is_relayed(&incoming, &outgoing);
}

static void a_flood_from_the_right_source_goes_to_the_data_plane(void **state)
{
	struct relay *relay = relay_between(&incoming, &outgoing);
	struct frame sent = build(&incoming), got;

	(void)state;
	for (unsigned n = 0; n < RELAY_RATE_MAX; n++)
		assert_int_equal(run(&sent, &got), XDP_TX);
	is_left_alone(&sent, "one too many");
	/* A second later it may go on. */
	relay->window_ns -= 1100000000;
	assert_int_equal(run(&sent, &got), XDP_TX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_plain_packet_is_rewritten_exactly, begin),
		cmocka_unit_test_setup(the_marker_and_another_payload_type_are_kept, begin),
		cmocka_unit_test_setup(ipv6_is_rewritten_exactly, begin),
		cmocka_unit_test_setup(a_vlan_tag_becomes_that_of_the_next_hop, begin),
		cmocka_unit_test_setup(two_tags_become_those_of_the_next_hop, begin),
		cmocka_unit_test_setup(no_checksum_stays_no_checksum, begin),
		cmocka_unit_test_setup(checksums_are_right_for_all_sequence_numbers, begin),
		cmocka_unit_test_setup(a_damaged_payload_stays_a_damaged_one, begin),
		cmocka_unit_test_setup(it_leaves_by_redirect_where_the_port_asks_for_it, begin),
		cmocka_unit_test_setup(what_has_come_is_noted, begin),
		cmocka_unit_test_setup(what_comes_late_is_forwarded_and_is_not_the_newest, begin),
		cmocka_unit_test_setup(a_wrap_begins_another_cycle, begin),
		cmocka_unit_test_setup(whatever_is_not_exactly_plain_goes_to_the_data_plane, begin),
		cmocka_unit_test_setup(the_last_of_each_range_is_still_forwarded, begin),
		cmocka_unit_test_setup(a_timestamp_of_another_clock_goes_to_the_data_plane, begin),
		cmocka_unit_test_setup(a_stranger_is_left_to_the_data_plane, begin),
		cmocka_unit_test_setup(lengths_that_disagree_go_to_the_data_plane, begin),
		cmocka_unit_test_setup(nothing_is_forwarded_without_relay_next_hop_or_lease, begin),
		cmocka_unit_test_setup(a_flood_from_the_right_source_goes_to_the_data_plane, begin),
	};

	return cmocka_run_group_tests_name("relay", tests, load, steer_unload);
}
