/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "worker/worker.h"

#include <rte_branch_prediction.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "call/relay.h"
#include "net/verify.h"

#include "fastpath.h"

#define COMMANDS_PER_ROUND 32
#define AHEAD		   4u /* packets between asking for memory and looking at it */

/* Each fault of the parsers has its own counter. */
static const enum counter frame_fault_counter[] = {
	[FRAME_TRUNCATED] = COUNTER_drop_frame_truncated,
	[FRAME_TAG_STACK] = COUNTER_drop_tag_stack,
	[FRAME_NOT_IP] = COUNTER_drop_not_ip,
	[FRAME_BAD_IP] = COUNTER_drop_bad_ip,
	[FRAME_FRAGMENT] = COUNTER_drop_fragment,
	[FRAME_EXTENSION] = COUNTER_drop_ip_extension,
	[FRAME_NOT_UDP] = COUNTER_drop_not_udp,
	[FRAME_BAD_UDP] = COUNTER_drop_bad_udp,
	[FRAME_NO_CHECKSUM] = COUNTER_drop_no_checksum,
};

static const enum counter rtp_fault_counter[] = {
	[RTP_TRUNCATED] = COUNTER_drop_rtp_truncated,
	[RTP_BAD_VERSION] = COUNTER_drop_rtp_version,
	[RTP_BAD_CSRC] = COUNTER_drop_rtp_csrc,
	[RTP_BAD_EXTENSION] = COUNTER_drop_rtp_extension,
	[RTP_BAD_PADDING] = COUNTER_drop_rtp_padding,
};

static void drop(struct worker *w, struct rte_mbuf *mbuf, enum counter reason)
{
	counters_bump(&w->counters, reason);
	rte_pktmbuf_free(mbuf);
}

/* Whether the port has found a checksum that is wrong; where it does not look, none is. */
static bool has_bad_checksum(const struct rte_mbuf *mbuf)
{
	return (mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_BAD ||
	       (mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_BAD;
}

/* What the worker lends to its calls, as of now. A macro, so that each burst has it built in place.
 */
#define NEW_ENV(w, us)                                                                          \
	{                                                                                       \
		.now_us = (us), .now_ms = (uint32_t)((us) / 1000),                              \
		.away_ms = (w)->absence.away_ms,                                                \
		.hurried = (w)->full_rounds >= WORKER_HURRY_ROUNDS, .counters = &(w)->counters, \
		.pool = (w)->pool, .events = (w)->events, .realms = (w)->realms,                \
		.rate_limit = (w)->rate_limit, .nexthops = (w)->nexthops, .tx = (w)->tx,        \
		.reporter = &(w)->reporter, .relays = (w)->relays,                              \
	}

/* --- the stages of a burst: each keeps the packets that go on and drops the rest --- */

static unsigned parse_frames(struct worker *w, struct rte_mbuf **mbufs, unsigned count,
	struct forward_packet *packets, struct forward_packet **kept)
{
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++) {
		struct rte_mbuf *mbuf = mbufs[i];
		struct forward_packet *packet = &packets[n];
		enum frame_fault fault = frame_parse(rte_pktmbuf_mtod(mbuf, const uint8_t *),
			rte_pktmbuf_data_len(mbuf), &packet->frame);

		if (unlikely(fault != FRAME_OK)) {
			drop(w, mbuf, frame_fault_counter[fault]);
			continue;
		}
		if (unlikely(has_bad_checksum(mbuf))) {
			drop(w, mbuf, COUNTER_drop_bad_checksum);
			continue;
		}
		packet->mbuf = mbuf;
		kept[n++] = packet;
	}
	return n;
}

static void hand_over(struct worker *w, struct rte_mbuf *mbuf, uint8_t owner)
{
	if (rte_ring_mp_enqueue(w->peers[owner].handover, mbuf) == 0)
		counters_bump(&w->counters, COUNTER_handed_over);
	else
		drop(w, mbuf, COUNTER_drop_handover_full);
}

/* Memory is asked into the second cache: a core can ask for far more lines at a time there. */

/* Find the packet's place in the port table; false where it has been dropped. */
static bool find_slot(struct worker *w, struct forward_packet *packet)
{
	int realm = realm_find(w->realms, packet->mbuf->port, &packet->frame), slot;

	if (unlikely(realm < 0)) {
		drop(w, packet->mbuf, COUNTER_drop_unknown_address);
		return false;
	}
	slot = port_table_slot(w->table, (unsigned)realm, packet->frame.destination.port);
	if (unlikely(slot < 0)) {
		drop(w, packet->mbuf, COUNTER_drop_unknown_port);
		return false;
	}
	packet->realm = (uint16_t)realm;
	packet->slot = (uint16_t)slot;
	rte_prefetch1(&w->table->realm[realm].owner[slot]);
	rte_prefetch1(&w->table->realm[realm].legs[slot]);
	return true;
}

/* Find its leg; false where it has been dropped or handed over. */
static bool find_leg(struct worker *w, struct forward_packet *packet)
{
	uint8_t owner = port_table_owner(w->table, packet->realm, packet->slot);

	if (unlikely(owner != w->index)) {
		if (owner == PORT_OWNER_NONE)
			drop(w, packet->mbuf, COUNTER_drop_unknown_port);
		else
			hand_over(w, packet->mbuf, owner);
		return false;
	}
	packet->leg = w->table->realm[packet->realm].legs[packet->slot];
	if (unlikely(packet->leg == NULL)) {
		drop(w, packet->mbuf, COUNTER_drop_unknown_port);
		return false;
	}
	rte_prefetch1(packet->leg);
	return true;
}

static bool parse_rtp(struct worker *w, struct forward_packet *packet, struct forward_env *env)
{
	const struct frame *frame = &packet->frame;
	enum rtp_fault fault;

	if (unlikely((frame->destination.port & 1) ||
		     rtp_is_rtcp(frame->payload, frame->payload_length))) {
		report_receive(packet, env);
		return false;
	}
	fault = rtp_parse(frame->payload, frame->payload_length, &packet->rtp);
	if (likely(fault == RTP_OK))
		return true;
	drop(w, packet->mbuf, rtp_fault_counter[fault]);
	return false;
}

/* Keep those of `count` packets for which `stage` is true. */
#define STAGE(count, packets, stage)                                \
	do {                                                        \
		unsigned kept_ = 0;                                 \
                                                                    \
		for (unsigned i_ = 0; i_ < (count); i_++)           \
			if (stage)                                  \
				(packets)[kept_++] = (packets)[i_]; \
		(count) = kept_;                                    \
	} while (0)

/* Deliver accepted packets. What each will need of memory is asked for while those before it are
 * worked on: asked for all at once, most of it would wait for its turn. */
static void deliver(struct forward_packet **packets, unsigned count, struct forward_env *env)
{
	for (unsigned i = 0; i < count + 2 * AHEAD; i++) {
		if (i < count)
			forward_prefetch_sources(packets[i], env);
		if (i - AHEAD < count)
			forward_prefetch_voices(packets[i - AHEAD]);
		if (i - 2 * AHEAD < count)
			forward_deliver(packets[i - 2 * AHEAD], env);
	}
}

void worker_burst(struct worker *w, struct rte_mbuf **mbufs, unsigned count, uint64_t now_us)
{
	struct forward_packet packets[WORKER_BURST], *kept[WORKER_BURST];
	struct forward_env env = NEW_ENV(w, now_us);

	for (unsigned codec = CODEC_NONE + 1; codec < CODEC_COUNT; codec++)
		env.arrival[codec] = (uint32_t)(now_us * codec_get(codec)->clock_rate / 1000000);
	for (unsigned i = 0; i < count; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], void *));
	count = parse_frames(w, mbufs, count, packets, kept);
	STAGE(count, kept, find_slot(w, kept[i_]));
	STAGE(count, kept, find_leg(w, kept[i_]));
	STAGE(count, kept, parse_rtp(w, kept[i_], &env));
	STAGE(count, kept, forward_accept(kept[i_], &env));
	counters_add(&w->counters, COUNTER_rx_accepted, count);
	deliver(kept, count, &env);
}

/* --- one round --- */

/* Good-bye to the streams of `old` that do not go on in `call`, which is NULL where none does. */
static __attribute__((cold)) void say_bye(
	struct call *old, struct call *call, struct forward_env *env)
{
	for (unsigned i = 0; i < old->leg_count; i++) {
		bool goes_on = false;

		for (unsigned j = 0; call != NULL && j < call->leg_count; j++)
			goes_on |= call->legs[j].stream.ssrc == old->legs[i].stream.ssrc &&
				   leg_rest(&call->legs[j])->id == leg_rest(&old->legs[i])->id;
		if (!goes_on)
			report_bye(&old->legs[i], env);
	}
}

/* Applied whole, between two bursts: no packet sees half of a change (M27). */
static __attribute__((cold)) void apply(
	struct worker *w, const struct command *command, struct forward_env *env)
{
	uint64_t now_us = env->now_us;
	struct reply reply = { command->old, command->token };

	switch (command->kind) {
	case COMMAND_PUT_CALL:
		if (command->old != NULL) {
			call_relay_end(command->old, env);
			port_table_remove(w->table, command->old);
			call_take_over(command->call, command->old, now_us);
			say_bye(command->old, command->call, env);
		}
		call_begin(command->call, now_us, &w->reporter);
		port_table_insert(w->table, command->call);
		break;
	case COMMAND_REMOVE_CALL:
		call_relay_end(command->old, env);
		port_table_remove(w->table, command->old);
		say_bye(command->old, NULL, env);
		break;
	case COMMAND_READ_STATS:
		call_relay_sync(command->call, env);
		call_read_stats(command->call, now_us, command->stats);
		break;
	case COMMAND_SET_NEXTHOP:
		w->nexthops[command->nexthop] = command->header;
		return;
	case COMMAND_RELAY_CALL:
		call_relay(command->call, env);
		return;
	}
	/* Has room: the main lcore never has more commands under way than it holds. */
	rte_ring_sp_enqueue_elem(w->replies, &reply, sizeof(reply));
}

static void take_commands(struct worker *w, struct forward_env *env)
{
	struct command commands[COMMANDS_PER_ROUND];
	unsigned count = rte_ring_sc_dequeue_burst_elem(
		w->commands, commands, sizeof(commands[0]), COMMANDS_PER_ROUND, NULL);

	for (unsigned i = 0; i < count; i++)
		apply(w, &commands[i], env);
}

unsigned worker_poll(struct worker *w)
{
	uint64_t now_us = clock_us(w->clock, rte_rdtsc());
	struct rte_mbuf *mbufs[WORKER_BURST];
	struct forward_env env = NEW_ENV(w, now_us);
	uint64_t reports = counters_get(&w->counters, COUNTER_rtcp_sent);
	unsigned total = 0, count, most;

	absence_note(&w->absence, now_us);
	take_commands(w, &env);
	upkeep_step(&w->upkeep, w->table, w->index, &env);

	count = rte_ring_sc_dequeue_burst(w->handover, (void **)mbufs, WORKER_BURST, NULL);
	if (count > 0) {
		worker_burst(w, mbufs, count, now_us);
		total += count;
	}
	most = count;
	for (unsigned p = 0; p < w->ports->count; p++) {
		uint16_t id = w->ports->port[p].id;

		if (w->ports->port[p].has_peer && !link_is_up(id))
			continue;
		count = rte_eth_rx_burst(id, w->index, mbufs, WORKER_BURST);
		if (count == 0)
			continue;
		most = RTE_MAX(most, count);
		counters_add(&w->counters, COUNTER_rx_packets, count);
		for (unsigned i = 0; i < count; i++)
			mbufs[i]->port = id;
		if (w->ports->port[p].verifies)
			verify_checksums(mbufs, count);
		worker_burst(w, mbufs, count, now_us);
		total += count;
	}
	w->full_rounds = most < WORKER_BURST ? 0 : w->full_rounds + 1;
	if (total > 0 || counters_get(&w->counters, COUNTER_rtcp_sent) != reports)
		for (unsigned p = 0; p < w->ports->count; p++)
			tx_batch_flush(&w->tx[w->ports->port[p].id], &w->counters);
	return total;
}

int worker_run(void *arg)
{
	struct worker *w = arg;
	uint64_t then = rte_rdtsc(), now;

	__atomic_store_n(&w->start_cycles, then, __ATOMIC_RELAXED);
	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		unsigned count = worker_poll(w);

		/* What this round has looked at is not looked at any more (control/grace.h). */
		__atomic_store_n(&w->rounds, w->rounds + 1, __ATOMIC_RELEASE);
		now = rte_rdtsc();
		if (count > 0)
			__atomic_store_n(
				&w->busy_cycles, w->busy_cycles + now - then, __ATOMIC_RELAXED);
		then = now;
	}
	return 0;
}
