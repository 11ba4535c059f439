/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/relay.h"

#include <netinet/in.h>
#include <string.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "call/hear.h"
#include "net/checksum.h"

#include "fastpath.h"

/* For so long packets may have waited for the worker when the program took over. */
#define UNDER_WAY_MS 100

_Static_assert(RELAY_MAX_DROPOUT == RTP_SOURCE_MAX_DROPOUT && RELAY_MAX_STEP == RTP_SOURCE_MAX_STEP,
	"what the worker would not take as the stream's next packet, the program leaves to it");

#define CODEC_RATE(leg) (codec_get((leg)->codec)->clock_rate)

static struct relay *relay_of(const struct relay_table *table, const struct leg *source)
{
	const struct leg_rest *rest = leg_rest(source);
	struct relay *relays = table->realm[rest->realm].relays;

	if (relays == NULL)
		return NULL;
	return &relays[(rest->local_port - table->realm[rest->realm].first_port) / 2];
}

/* --- two clocks --- */

static uint64_t monotonic_ns(const struct forward_env *env)
{
	int64_t ahead = __atomic_load_n(&env->relays->monotonic_us, __ATOMIC_RELAXED);

	return (env->now_us + (uint64_t)ahead) * 1000;
}

/* What the program's arrival times are ahead of the worker's, in timestamp units. */
static uint32_t arrival_ahead(const struct leg *source, const struct forward_env *env)
{
	uint32_t rate = CODEC_RATE(source);
	uint64_t theirs = (monotonic_ns(env) >> RELAY_CLOCK_SHIFT) * RELAY_CLOCK_FACTOR(rate) >> 32;

	return (uint32_t)theirs - (uint32_t)(env->now_us * rate / 1000000);
}

/* --- whether it can be done --- */

/* Whether what `listener` gets is what `source` sends, with other headers, and will be. */
static bool passes_on(
	const struct leg *source, const struct leg *listener, const struct forward_env *env)
{
	const struct rtp_stream *stream = &listener->stream;
	const struct rtp_source *in = &source->source;

	return listener->port_id == source->port_id && listener->hears == HEARS_ONE &&
	       listener->fading == 0 && listener->clock == 0 && listener->header_length != 0 &&
	       source->from_ipv6 == (listener->header_length == HEADER_IPV6_SIZE) &&
	       env->nexthops[listener->nexthop].length != 0 && stream->started && !stream->marker &&
	       listener->clock_restarts == in->restarts &&
	       /* What the program takes for late must not be from before the offsets. */
	       rtp_sequence_after(
		       (uint16_t)(in->max_sequence - RELAY_MAX_MISORDER), stream->first_sequence);
}

/* Whether the signalled source may still take over from the one that was learned. */
static bool is_provisional(const struct learning *learning, const struct forward_env *env)
{
	return learning->state == LEARNING_PROVISIONAL &&
	       env->now_ms - learning->begin_ms <= learning->limit_ms;
}

/* Whether the newest packet was one of another stream, or far away in its own, which the next one
 * may confirm. */
static bool may_begin_anew(const struct leg *source)
{
	const struct rtp_source_past *past = &leg_rest(source)->past;

	return past->received == source->source.received &&
	       (past->bad_sequence <= UINT16_MAX || past->in_row > 0);
}

static bool is_steady(const struct leg *source, const struct forward_env *env)
{
	return source->source.restarts != 0 && source->from_port != 0 &&
	       !is_provisional(&leg_rest(source)->learning, env) && !may_begin_anew(source) &&
	       !is_silent(source, env);
}

static bool can_relay(const struct call *call, const struct forward_env *env)
{
	const struct leg *a = &call->legs[0], *b = &call->legs[1];

	/* A decoder that has not heard all would not know where a voice is when it is mixed. */
	return call->leg_count == 2 && !call->wide && relay_of(env->relays, a) != NULL &&
	       relay_of(env->relays, b) != NULL && is_steady(a, env) && is_steady(b, env) &&
	       passes_on(a, b, env) && passes_on(b, a, env);
}

/* --- what the program is told --- */

static const struct rte_udp_hdr *udp_of(const struct leg *leg)
{
	return (const struct rte_udp_hdr *)(leg_header(leg) + leg->header_length -
					    sizeof(struct rte_udp_hdr));
}

static void write_ipv4(struct relay *relay, const struct leg *source, const struct leg *listener)
{
	const struct rte_ipv4_hdr *out = (const struct rte_ipv4_hdr *)leg_header(listener);

	memcpy(&relay->from, leg_rest(source)->from.address + 12, sizeof(relay->from));
	relay->local = out->src_addr;
	relay->remote = out->dst_addr;
	relay->traffic_class = out->type_of_service;
	relay->ip_sum = out->hdr_checksum; /* a template's: of all but the length */
}

static void write_ipv6(struct relay *relay, const struct leg *source, const struct leg *listener)
{
	const struct rte_ipv6_hdr *out = (const struct rte_ipv6_hdr *)leg_header(listener);

	memcpy(relay->from6, leg_rest(source)->from.address, sizeof(relay->from6));
	memcpy(relay->local6, out->src_addr, sizeof(relay->local6));
	memcpy(relay->remote6, out->dst_addr, sizeof(relay->remote6));
	relay->traffic_class = (uint8_t)(rte_be_to_cpu_32(out->vtc_flow) >> 20);
}

/* Of what comes in: its addresses and the protocol. The local one is where the leg's own packets
 * come from. */
static uint16_t pseudo_sum(const struct leg *source)
{
	const uint8_t *from = leg_rest(source)->from.address, *header = leg_header(source);
	uint64_t sum = rte_cpu_to_be_16(IPPROTO_UDP);

	if (source->header_length == HEADER_IPV4_SIZE) {
		sum = checksum_add(sum, from + 12, 4);
		sum = checksum_add(sum, header + offsetof(struct rte_ipv4_hdr, src_addr), 4);
	} else {
		sum = checksum_add(sum, from, 16);
		sum = checksum_add(sum, header + offsetof(struct rte_ipv6_hdr, src_addr), 16);
	}
	return checksum_fold(sum);
}

/* What the constant fields that are written add to the sum, less what those they replace did. */
static uint16_t udp_sum(
	const struct relay *relay, const struct leg *source, const struct leg *listener)
{
	const uint8_t first_in[2] = { 0, relay->payload_type };
	const uint8_t first_out[2] = { 0, relay->out_payload_type };
	uint64_t before = relay->pseudo_sum, after = udp_of(listener)->dgram_cksum;

	before += relay->from_port + udp_of(source)->src_port;
	before = checksum_add(before, (const uint8_t *)&relay->ssrc, sizeof(relay->ssrc));
	before = checksum_add(before, first_in, sizeof(first_in));
	after = checksum_add(after, (const uint8_t *)&relay->out_ssrc, sizeof(relay->out_ssrc));
	after = checksum_add(after, first_out, sizeof(first_out));
	return checksum_fold(after + checksum_finish(before));
}

static void write_addresses(
	struct relay *relay, const struct leg *source, const struct leg *listener)
{
	if (listener->header_length == HEADER_IPV4_SIZE)
		write_ipv4(relay, source, listener);
	else
		write_ipv6(relay, source, listener);
	relay->ipv6 = listener->header_length != HEADER_IPV4_SIZE;
	relay->from_port = rte_cpu_to_be_16(leg_rest(source)->from.port);
	relay->local_port = udp_of(listener)->src_port;
	relay->remote_port = udp_of(listener)->dst_port;
	relay->hop = listener->nexthop;
}

/* Where the source and the stream are: the program goes on from there. */
static void write_state(struct relay *relay, const struct leg *source, const struct leg *listener,
	const struct forward_env *env)
{
	const struct rtp_stream *stream = &listener->stream;
	uint32_t silent_ms = (uint32_t)(env->now_us / 1000) - source->heard_ms;

	relay->heard_ns = monotonic_ns(env) - 1000000ull * silent_ms;
	relay->cycles = leg_rest(source)->past.cycles;
	relay->max_sequence = source->source.max_sequence;
	relay->jitter = source->source.jitter;
	relay->transit = source->source.transit + arrival_ahead(source, env);
	relay->frame = source->frame;
	relay->timestamp = stream->next_timestamp - stream->timestamp_offset - source->frame;
}

static void begin(
	const struct leg *source, const struct leg *listener, const struct forward_env *env)
{
	struct relay *relay = relay_of(env->relays, source);

	memset(relay, 0, sizeof(*relay));
	relay->ssrc = rte_cpu_to_be_32(source->source.ssrc);
	relay->out_ssrc = rte_cpu_to_be_32(listener->stream.ssrc);
	relay->payload_type = source->payload_type;
	relay->out_payload_type = listener->out_payload_type;
	relay->payload_max = CODEC_MAX_SAMPLES;
	relay->sequence_offset = listener->stream.sequence_offset;
	relay->timestamp_offset = listener->stream.timestamp_offset;
	relay->clock_factor = RELAY_CLOCK_FACTOR(CODEC_RATE(source));
	write_addresses(relay, source, listener);
	relay->pseudo_sum = pseudo_sum(source);
	relay->udp_sum = udp_sum(relay, source, listener);
	write_state(relay, source, listener, env);
	/* The program looks at nothing else of it before. */
	__atomic_store_n(&relay->active, 1, __ATOMIC_RELEASE);
}

/* Nothing that comes to the leg's address is of the other family: from now on whatever does is
 * looked at twice, without a look at more than ever for the packets of other calls. */
static void leave_to_relay(struct leg *leg)
{
	leg->from_ipv6 = !leg->from_ipv6;
}

bool call_relay(struct call *call, const struct forward_env *env)
{
	struct leg *legs = call->legs;

	if (call->relayed || !can_relay(call, env))
		return false;
	for (unsigned i = 0; i < 2; i++) {
		leg_rest(&legs[i])->relay_received = 0;
		begin(&legs[i], &legs[1 - i], env);
		leave_to_relay(&legs[i]);
	}
	call->relayed = true;
	call->relayed_ms = (uint32_t)(env->now_us / 1000);
	counters_bump(env->counters, COUNTER_relay_begun);
	return true;
}

/* --- what the program tells --- */

/* The newest packet that the program has forwarded is the stream's newest, too. */
static void go_on(
	struct leg *source, struct leg *listener, const struct relay *relay, uint64_t heard_us)
{
	const struct rtp_packet newest = {
		.sequence = relay->max_sequence,
		.timestamp = relay->timestamp,
	};

	source->source.max_sequence = relay->max_sequence;
	leg_rest(source)->past.cycles = relay->cycles;
	source->frame = relay->frame & 511;
	source->heard_ms = (uint32_t)(heard_us / 1000);
	rtp_stream_went_on(&listener->stream, &newest, relay->frame, heard_us);
}

static void sync(struct leg *source, struct leg *listener, const struct forward_env *env)
{
	const struct relay *relay = relay_of(env->relays, source);
	struct leg_rest *rest = leg_rest(source);
	uint64_t now_ns = monotonic_ns(env), heard_ns = relay->heard_ns;
	uint32_t received = relay->received;
	uint32_t ahead = relay->cycles + relay->max_sequence - rest->past.cycles -
			 source->source.max_sequence;

	if (received == rest->relay_received)
		return; /* nothing has come since */
	source->source.received += received - rest->relay_received;
	rest->relay_received = received;
	source->source.jitter = relay->jitter;
	source->source.transit = relay->transit - arrival_ahead(source, env);
	/* The two clocks are known to agree to a few microseconds alone. */
	if ((int32_t)ahead >= 0)
		go_on(source, listener, relay,
			env->now_us - (heard_ns < now_ns ? (now_ns - heard_ns) / 1000 : 0));
}

void call_relay_sync(struct call *call, const struct forward_env *env)
{
	if (!call->relayed)
		return;
	sync(&call->legs[0], &call->legs[1], env);
	sync(&call->legs[1], &call->legs[0], env);
}

void call_relay_end(struct call *call, const struct forward_env *env)
{
	if (!call->relayed)
		return;
	for (unsigned i = 0; i < call->leg_count; i++) {
		struct leg *leg = &call->legs[i];

		__atomic_store_n(&relay_of(env->relays, leg)->active, 0, __ATOMIC_SEQ_CST);
		leg_set_from(leg, &leg_rest(leg)->from);
	}
	call_relay_sync(call, env);
	call->relayed = false;
	counters_bump(env->counters, COUNTER_relay_ended);
}

bool leg_awaits(const struct leg *leg, const struct rtp_packet *packet, uint32_t now_ms)
{
	uint16_t ahead = (uint16_t)(packet->sequence - leg->source.max_sequence);

	return now_ms - call_of(leg)->relayed_ms < UNDER_WAY_MS &&
	       packet->ssrc == leg->source.ssrc && packet->payload_type == leg->payload_type &&
	       (uint16_t)(ahead + RELAY_MAX_MISORDER) < 2 * RELAY_MAX_MISORDER;
}
