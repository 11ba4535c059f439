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
	X(telephone_events, "packets of telephone events received")                        \
	X(comfort_noise, "packets of comfort noise received")                              \
	X(rtcp_received, "RTCP packets accepted from a leg's far end")                     \
	X(rtcp_bye, "RTCP packets by which a far end said good-bye")                       \
	X(rtcp_sent, "RTCP packets sent")                                                  \
	X(handed_over, "packets handed to the worker that owns the call")                  \
	X(ssrc_changed, "streams that restarted with another SSRC")                        \
	X(sequence_restarted, "streams that restarted at another sequence number")         \
	X(clock_restarted, "streams that restarted at another timestamp")                  \
	X(source_learned, "legs that learned their source")                                \
	X(clock_changed, "streams that went on by the clock of another source")            \
	X(mix_underrun, "mixes that lacked samples of a source that is heard")             \
	X(decode_late, "packets that came too late to be decoded in their turn (G.722)")   \
	X(mix_moved, "times samples were left out or repeated to keep a voice in step")    \
	X(voice_lost, "gaps that were concealed in a voice that is mixed")                 \
	X(mix_hurried, "gaps and lacks made up for in a hurry: too much waited")           \
	X(voice_late, "packets of such a voice that came after others that follow it")     \
	X(relay_begun, "calls that the XDP program took over")                             \
	X(relay_ended, "calls that were taken back from the XDP program")                  \
	X(event_lost, "events dropped because nobody took them")                           \
	X(drop_frame_truncated, "frames shorter than their headers say")                   \
	X(drop_tag_stack, "frames with more VLAN tags than are allowed")                   \
	X(drop_not_ip, "frames that are neither IPv4 nor IPv6")                            \
	X(drop_bad_ip, "IP headers with impossible fields")                                \
	X(drop_fragment, "IP fragments")                                                   \
	X(drop_ip_extension, "IPv6 packets with extension headers")                        \
	X(drop_not_udp, "IP packets that are not UDP")                                     \
	X(drop_bad_udp, "UDP headers with an impossible length")                           \
	X(drop_no_checksum, "UDP over IPv6 without a checksum")                            \
	X(drop_bad_checksum, "packets with a wrong checksum of IPv4 or UDP")               \
	X(drop_unknown_address, "packets to an address of no realm")                       \
	X(drop_unknown_port, "packets to a port of no call")                               \
	X(drop_handover_full, "packets lost because the owner's queue was full")           \
	X(drop_rtp_truncated, "datagrams shorter than an RTP header")                      \
	X(drop_rtp_version, "RTP versions other than 2")                                   \
	X(drop_rtp_csrc, "CSRC lists past the end of the packet")                          \
	X(drop_rtp_extension, "header extensions past the end of the packet")              \
	X(drop_rtp_padding, "paddings of 0 or past the payload")                           \
	X(drop_refused_source, "packets from another source than the leg's")               \
	X(drop_own_source, "packets from an address of the appliance itself")              \
	X(drop_own_ssrc, "packets of the call's own streams that came back to it")         \
	X(drop_bad_source, "packets from no unicast address and port")                     \
	X(drop_learning, "packets of a source that is not learned yet")                    \
	X(drop_rate, "packets beyond what a leg may send at a time")                       \
	X(drop_payload_type, "payload types that were not signalled")                      \
	X(drop_payload_size, "payloads that are empty or longer than 60 ms")               \
	X(drop_sequence_jump, "first packets of an implausible sequence jump")             \
	X(drop_other_ssrc, "packets of a stream beside the one that is heard")             \
	X(drop_stray, "late packets with a timestamp of another clock")                    \
	X(drop_not_receiving, "packets to a port that only sends")                         \
	X(drop_rtcp_truncated, "RTCP shorter than a header and an SSRC")                   \
	X(drop_rtcp_version, "RTCP versions other than 2")                                 \
	X(drop_rtcp_first, "RTCP that begins with neither a sender nor a receiver report") \
	X(drop_rtcp_length, "RTCP whose lengths do not add up")                            \
	X(drop_rtcp_padding, "RTCP with padding where none may be")                        \
	X(drop_rtcp_report, "RTCP reports without room for their blocks")                  \
	X(drop_rtcp_sdes, "RTCP descriptions past the end of the packet")                  \
	X(drop_rtcp_bye, "RTCP good-byes past the end of the packet")                      \
	X(drop_rtcp_app, "RTCP of applications without room for their name")               \
	X(drop_rtcp_wrong_port, "RTCP on another port than was signalled")                 \
	X(drop_rtcp_refused_source, "RTCP from another source than the leg's")             \
	X(drop_rtcp_own_ssrc, "RTCP that came back to us, or claims to be ours")           \
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
