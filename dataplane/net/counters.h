/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_COUNTERS_H
#define BRIDGETAP_NET_COUNTERS_H

#include <stdint.h>

#include <rte_common.h>

/* What a worker counts. Every packet that comes in is accepted, or dropped for exactly one named
 * reason; nothing is dropped uncounted. X(name, what it counts) */
#define COUNTERS(X)                                                                        \
	X(rx_packets, "packets received")                                                  \
	X(tx_packets, "packets handed to a port")                                          \
	X(rx_accepted, "RTP packets accepted from a leg's source")                         \
	X(mixed, "packets sent with a mixed payload")                                      \
	X(forwarded, "packets sent with the payload untouched")                            \
	X(transcoded, "packets sent in another codec, with nothing added")                 \
	X(rtcp, "RTCP packets received")                                                   \
	X(handed_over, "packets handed to the worker that owns the call")                  \
	X(ssrc_changed, "streams that restarted with another SSRC")                        \
	X(sequence_restarted, "streams that restarted at another sequence number")         \
	X(source_learned, "legs that learned their source")                                \
	X(clock_changed, "streams that went on by the clock of another source")            \
	X(mix_underrun, "mixes that lacked samples of a source that is heard")             \
	X(event_lost, "events dropped because nobody took them")                           \
	X(drop_frame_truncated, "frames shorter than their headers say")                   \
	X(drop_not_ip, "frames that are neither IPv4 nor IPv6")                            \
	X(drop_bad_ip, "IP headers with impossible fields")                                \
	X(drop_fragment, "IP fragments")                                                   \
	X(drop_not_udp, "IP packets that are not UDP")                                     \
	X(drop_bad_udp, "UDP headers with an impossible length")                           \
	X(drop_bad_checksum, "packets whose checksum the port has found to be wrong")      \
	X(drop_unknown_address, "packets to an address of no realm")                       \
	X(drop_unknown_port, "packets to a port of no call")                               \
	X(drop_handover_full, "packets lost because the owner's queue was full")           \
	X(drop_rtp_truncated, "datagrams shorter than an RTP header")                      \
	X(drop_rtp_version, "RTP versions other than 2")                                   \
	X(drop_rtp_csrc, "CSRC lists past the end of the packet")                          \
	X(drop_rtp_extension, "header extensions past the end of the packet")              \
	X(drop_rtp_padding, "paddings of 0 or past the payload")                           \
	X(drop_refused_source, "packets from another source than the leg's")               \
	X(drop_payload_type, "payload types that were not signalled")                      \
	X(drop_payload_size, "payloads that are empty or longer than 60 ms")               \
	X(drop_sequence_jump, "first packets of an implausible sequence jump")             \
	X(drop_not_receiving, "packets to a port that only sends")                         \
	X(tx_no_mbuf, "copies not sent because the packet pool was empty")                 \
	X(tx_no_neighbour, "packets not sent because the next hop has no MAC address yet") \
	X(tx_late, "packets not sent because their place in the stream had passed")        \
	X(tx_full, "packets not sent because the port took no more")                       \
	X(guard_dropped, "packets the recording guard stopped: an alarm")

enum counter {
#define COUNTER_ENUM(name, help) COUNTER_##name,
	COUNTERS(COUNTER_ENUM)
#undef COUNTER_ENUM
		COUNTER_COUNT,
};

/* Written by one worker, read by the main lcore, which sums over the workers. */
struct counters {
	uint64_t value[COUNTER_COUNT];
} __rte_cache_aligned;

static inline void counters_add(struct counters *counters, enum counter which, uint64_t n)
{
	/* A plain store would do for one writer; relaxed keeps readers from seeing half of it. */
	__atomic_store_n(&counters->value[which], counters->value[which] + n, __ATOMIC_RELAXED);
}

static inline void counters_bump(struct counters *counters, enum counter which)
{
	counters_add(counters, which, 1);
}

/* Read by the main lcore. */
static inline uint64_t counters_get(const struct counters *counters, enum counter which)
{
	return __atomic_load_n(&counters->value[which], __ATOMIC_RELAXED);
}

/* The name of a counter, as in the list above. */
const char *counter_name(enum counter which);
const char *counter_help(enum counter which);

#endif
