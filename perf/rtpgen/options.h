/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_OPTIONS_H
#define BRIDGETAP_RTPGEN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>

#include "rtpgen/ip.h"
#include "rtpgen/party.h"

#define OPTIONS_EAL_MAX	   16
#define OPTIONS_REALMS_MAX 16
#define OPTIONS_CALLS_MAX  500000
#define OPTIONS_RATE_MAX   20e6 /* packets a second: more than a core makes */

enum rate_kind {
	RATE_REAL, /* each source one packet every ptime */
	RATE_MAX,
	RATE_FIXED, /* `rate` packets a second, all sources together */
};

/* In G.722 the same bytes are sent as in PCMU: whoever gets them untouched can tell whose they are,
 * and nobody else can, because what a decoder makes of them is no level. */
enum codec_choice { CHOICE_PCMU, CHOICE_PCMA, CHOICE_MIXED, CHOICE_G722 };

enum format { FORMAT_TABLE, FORMAT_TSV, FORMAT_JSON };

/* What the command line asks for. Filled once, read-only afterwards. */
struct options {
	unsigned calls;
	unsigned talking;    /* of those, at a time; 0 for all */
	unsigned mix[MODES]; /* weights, by mode */
	unsigned ptime;	     /* milliseconds */
	enum codec_choice codec;
	enum rate_kind rate_kind;
	double rate;
	double overload; /* packets a second before the load proper; 0 for none */
	double seconds;
	double ramp;		       /* seconds in which the rate grows */
	double loss, reorder, silence; /* shares, 0 to 1 */
	double jitter;		       /* milliseconds */
	unsigned check;		       /* packets of a thousand; 0 for none */
	double switch_rate;	       /* a second */
	bool record, search, sleep;
	enum format format;

	const char *api, *organisation;
	const char *device, *recording_device;	      /* devargs; the latter may be NULL */
	struct ip_address address, recording_address; /* the first of as many as needed */
	struct rte_ether_addr peer_mac;
	bool has_peer_mac;
	char *realms[OPTIONS_REALMS_MAX];
	unsigned realm_count;
	const char *recording_realm;
	char *eal[OPTIONS_EAL_MAX];
	unsigned eal_count;
	unsigned cpu;
	const char *pcap_out, *pcap_in;
};

/* Samples in a packet. */
static inline unsigned options_samples(const struct options *options)
{
	return options->ptime * 8;
}

/* What --help prints. */
extern const char options_usage[];

/* Read the command line. 0; 1 where help was asked for and given; -EINVAL after a sentence that
 * says what is wrong, or cannot be. */
int options_read(struct options *options, int argc, char **argv);

/* Whether what the options ask for can be, as far as can be told before there are calls; a sentence
 * and -EINVAL where not. */
int options_check(const struct options *options);

/* Say why a request is refused. Returns -EINVAL. */
__attribute__((format(printf, 1, 2))) int options_refuse(const char *format, ...);

/* Whether `sources` of media, which speak by `turns`, can be asked for; a sentence and -EINVAL
 * where not. */
int options_check_rate(const struct options *options, unsigned sources, unsigned turns);

#endif
