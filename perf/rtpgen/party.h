/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_PARTY_H
#define BRIDGETAP_RTPGEN_PARTY_H

/* Who takes part in a call, and how. Modes have the numbers that they have in the API; without a
 * monitor a call is just forwarded. */

enum mode { MODE_FORWARD, MODE_LISTEN, MODE_WHISPER, MODE_BARGE, MODES };

/* In the order in which they send: whoever clocks the stream of another comes first. */
enum party {
	PARTY_CUSTOMER,
	PARTY_AGENT,
	PARTY_MONITOR,
	PARTY_RECORDED_CUSTOMER, /* the recorder: hears only */
	PARTY_RECORDED_AGENT,
	PARTIES,
};

#define PARTY_SENDERS 3

const char *mode_name(enum mode mode);
const char *party_name(enum party party);

/* HEARS_ bit of who sends. */
unsigned party_bit(enum party party);

/* HEARS_ bits of all whom `listener` is to hear: the product's rule, written down here once more so
 * that it is not checked against itself. */
unsigned party_hears(enum party listener, enum mode mode);

/* Whose packets clock the stream that `listener` receives while all speak. */
enum party party_clock(enum party listener);

#endif
