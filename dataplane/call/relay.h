/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_RELAY_H
#define BRIDGETAP_CALL_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "call/call.h"
#include "call/forward.h"
#include "net/relay_maps.h"

/* A call that needs neither mixing nor recording is forwarded by the XDP program, by the constants
 * that the worker forwards it by (M35). The worker that owns the call puts it there and takes it
 * back, between two packets, by plain stores and loads: so no change of the call is ever late, and
 * its streams go on without a step (M26). What the program does not take, the worker gets as ever,
 * and the first packet of that kind brings the call back: but for those that were already on their
 * way to the worker when the program took over. By then either may forward, by the same constants;
 * at most, a packet that the program has in hand when a call is taken back is counted by nobody. */

/* What the main lcore shares with the workers: where the relays of each realm are, and how to tell
 * the program's time. */
struct relay_table {
	struct {
		struct relay *relays; /* by place among the RTP ports; NULL where none are */
		uint16_t first_port;
	} realm[REALM_MAX];   /* set before the workers start */
	int64_t monotonic_us; /* CLOCK_MONOTONIC less the workers' clock; changes all the time */
};

/* Hand the call over, if both directions can be: two parties, each with a stream that has been
 * going on for a while and is forwarded as it is. Returns whether it was. The main lcore has made
 * sure that both are on one port whose program forwards. The owning worker, as all below. */
bool call_relay(struct call *call, const struct forward_env *env);

/* Bring what the worker knows of the call's streams up to date, while they are relayed. */
void call_relay_sync(struct call *call, const struct forward_env *env);

/* Take the call back, if it is relayed: from now on every packet comes to the worker. */
void call_relay_end(struct call *call, const struct forward_env *env);

/* Whether the packet, from the right source of a leg whose call is relayed, was on its way when the
 * program took over: it is the worker's, and the call goes on being relayed. */
bool leg_awaits(const struct leg *leg, const struct rtp_packet *packet, uint32_t now_ms);

#endif
