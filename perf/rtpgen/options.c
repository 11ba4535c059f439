/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#define JITTER_MAX   200.0 /* milliseconds */
#define SWITCHES_MAX 100000.0
#define PTIME_MAX    60

enum option_id {
	O_CALLS = 256,
	O_TALKING,
	O_MIX,
	O_PTIME,
	O_CODEC,
	O_RECORD,
	O_SLEEP,
	O_RATE,
	O_OVERLOAD,
	O_SECONDS,
	O_RAMP,
	O_SEARCH,
	O_LOSS,
	O_REORDER,
	O_JITTER,
	O_SILENCE,
	O_SWITCH_RATE,
	O_CHECK,
	O_PCAP_OUT,
	O_PCAP_IN,
	O_JSON,
	O_TSV,
	O_API,
	O_ORGANISATION,
	O_DEVICE,
	O_ADDRESS,
	O_PEER_MAC,
	O_REALM,
	O_RECORDING_DEVICE,
	O_RECORDING_ADDRESS,
	O_RECORDING_REALM,
	O_CPU,
	O_EAL,
	O_HELP,
};

static const struct option names[] = {
	{ "calls", required_argument, NULL, O_CALLS },
	{ "talking", required_argument, NULL, O_TALKING },
	{ "mix", required_argument, NULL, O_MIX },
	{ "ptime", required_argument, NULL, O_PTIME },
	{ "codec", required_argument, NULL, O_CODEC },
	{ "record", no_argument, NULL, O_RECORD },
	{ "sleep", no_argument, NULL, O_SLEEP },
	{ "rate", required_argument, NULL, O_RATE },
	{ "overload", required_argument, NULL, O_OVERLOAD },
	{ "seconds", required_argument, NULL, O_SECONDS },
	{ "ramp", required_argument, NULL, O_RAMP },
	{ "search", no_argument, NULL, O_SEARCH },
	{ "loss", required_argument, NULL, O_LOSS },
	{ "reorder", required_argument, NULL, O_REORDER },
	{ "jitter", required_argument, NULL, O_JITTER },
	{ "silence", required_argument, NULL, O_SILENCE },
	{ "switch-rate", required_argument, NULL, O_SWITCH_RATE },
	{ "check", required_argument, NULL, O_CHECK },
	{ "pcap-out", required_argument, NULL, O_PCAP_OUT },
	{ "pcap-in", required_argument, NULL, O_PCAP_IN },
	{ "json", no_argument, NULL, O_JSON },
	{ "tsv", no_argument, NULL, O_TSV },
	{ "api", required_argument, NULL, O_API },
	{ "organisation", required_argument, NULL, O_ORGANISATION },
	{ "device", required_argument, NULL, O_DEVICE },
	{ "vdev", required_argument, NULL, O_DEVICE },
	{ "address", required_argument, NULL, O_ADDRESS },
	{ "peer-mac", required_argument, NULL, O_PEER_MAC },
	{ "realm", required_argument, NULL, O_REALM },
	{ "recording-device", required_argument, NULL, O_RECORDING_DEVICE },
	{ "recording-address", required_argument, NULL, O_RECORDING_ADDRESS },
	{ "recording-realm", required_argument, NULL, O_RECORDING_REALM },
	{ "cpu", required_argument, NULL, O_CPU },
	{ "eal", required_argument, NULL, O_EAL },
	{ "help", no_argument, NULL, O_HELP },
	{ 0 },
};

/* --- arguments --- */

/* A number from `low` to `high`; a sentence about `name` where it is none. */
static int read_number(const char *name, const char *text, double low, double high, double *value)
{
	char *end;

	*value = strtod(text, &end);
	if (end == text || *end != '\0' || !(*value >= low && *value <= high))
		return options_refuse(
			"--%s %s: it must be a number from %g to %g", name, text, low, high);
	return 0;
}

static int read_whole(
	const char *name, const char *text, unsigned low, unsigned high, unsigned *out)
{
	double value;
	int ret = read_number(name, text, low, high, &value);

	if (ret == 0 && value != (double)(unsigned)value)
		ret = options_refuse("--%s %s: it must be a whole number", name, text);
	if (ret == 0)
		*out = (unsigned)value;
	return ret;
}

static int read_weight(struct options *options, const char *item)
{
	const char *colon = strchr(item, ':');
	size_t length = colon ? (size_t)(colon - item) : strlen(item);

	for (unsigned mode = 0; mode < MODES; mode++)
		if (strlen(mode_name(mode)) == length &&
			strncmp(item, mode_name(mode), length) == 0)
			return read_whole(
				"mix", colon ? colon + 1 : "1", 0, 1000, &options->mix[mode]);
	return options_refuse(
		"--mix: there is no mode \"%.*s\"; there are forward, listen, whisper and barge",
		(int)length, item);
}

static int read_mix(struct options *options, char *text)
{
	unsigned sum = 0;
	int ret = 0;

	memset(options->mix, 0, sizeof(options->mix));
	for (char *item = strtok(text, ","); item != NULL && ret == 0; item = strtok(NULL, ","))
		ret = read_weight(options, item);
	for (unsigned mode = 0; mode < MODES; mode++)
		sum += options->mix[mode];
	if (ret == 0 && sum == 0)
		ret = options_refuse("--mix: with no weight above 0 there are no calls");
	return ret;
}

static int read_codec(struct options *options, const char *text)
{
	static const char *const codecs[] = { "pcmu", "pcma", "mixed", "g722" };

	for (unsigned i = 0; i < RTE_DIM(codecs); i++)
		if (strcmp(text, codecs[i]) == 0) {
			options->codec = i;
			return 0;
		}
	return options_refuse("--codec %s: there are pcmu, pcma, mixed and g722", text);
}

static int read_rate(struct options *options, const char *text)
{
	options->rate_kind = strcmp(text, "real") == 0	? RATE_REAL
			     : strcmp(text, "max") == 0 ? RATE_MAX
							: RATE_FIXED;
	if (options->rate_kind != RATE_FIXED)
		return 0;
	return read_number("rate", text, 1, OPTIONS_RATE_MAX, &options->rate);
}

static int read_check(struct options *options, const char *text)
{
	if (strcmp(text, "all") != 0)
		return read_whole("check", text, 0, 1000, &options->check);
	options->check = 1000;
	return 0;
}

static int read_address(const char *name, const char *text, struct ip_address *address)
{
	if (ip_read(address, text) && ip_is_set(address))
		return 0;
	return options_refuse("--%s %s: it must be an IPv4 or IPv6 address", name, text);
}

static int read_mac(struct options *options, const char *text)
{
	options->has_peer_mac = true;
	if (rte_ether_unformat_addr(text, &options->peer_mac) == 0)
		return 0;
	return options_refuse("--peer-mac %s: it must be like 02:00:5e:10:00:01", text);
}

static int read_realms(struct options *options, char *text)
{
	for (char *name = strtok(text, ","); name != NULL; name = strtok(NULL, ",")) {
		if (options->realm_count == OPTIONS_REALMS_MAX)
			return options_refuse("--realm: there are at most %u", OPTIONS_REALMS_MAX);
		options->realms[options->realm_count++] = name;
	}
	return 0;
}

static int read_eal(struct options *options, char *text)
{
	if (options->eal_count == OPTIONS_EAL_MAX)
		return options_refuse("--eal: there are at most %u", OPTIONS_EAL_MAX);
	options->eal[options->eal_count++] = text;
	return 0;
}

static int take_load(struct options *o, int id, char *text)
{
	switch (id) {
	case O_CALLS:
		return read_whole("calls", text, 1, OPTIONS_CALLS_MAX, &o->calls);
	case O_TALKING:
		return read_whole("talking", text, 1, OPTIONS_CALLS_MAX, &o->talking);
	case O_MIX:
		return read_mix(o, text);
	case O_PTIME:
		return read_whole("ptime", text, 10, PTIME_MAX, &o->ptime);
	case O_CODEC:
		return read_codec(o, text);
	case O_RATE:
		return read_rate(o, text);
	case O_OVERLOAD:
		return read_number("overload", text, 1, OPTIONS_RATE_MAX, &o->overload);
	case O_SECONDS:
		return read_number("seconds", text, 0.1, 86400, &o->seconds);
	case O_RAMP:
		return read_number("ramp", text, 0, 3600, &o->ramp);
	case O_LOSS:
		return read_number("loss", text, 0, 0.5, &o->loss);
	case O_REORDER:
		return read_number("reorder", text, 0, 0.5, &o->reorder);
	case O_JITTER:
		return read_number("jitter", text, 0, JITTER_MAX, &o->jitter);
	case O_SILENCE:
		return read_number("silence", text, 0, 0.9, &o->silence);
	case O_SWITCH_RATE:
		return read_number("switch-rate", text, 0, SWITCHES_MAX, &o->switch_rate);
	default:
		return read_check(o, text);
	}
}

static int take_place(struct options *o, int id, char *text)
{
	switch (id) {
	case O_ADDRESS:
		return read_address("address", text, &o->address);
	case O_RECORDING_ADDRESS:
		return read_address("recording-address", text, &o->recording_address);
	case O_PEER_MAC:
		return read_mac(o, text);
	case O_REALM:
		return read_realms(o, text);
	case O_CPU:
		return read_whole("cpu", text, 0, 1023, &o->cpu);
	default:
		return read_eal(o, text);
	}
}

static int take_text(struct options *o, int id, char *text)
{
	const char **places[] = {
		[O_PCAP_OUT - O_CALLS] = &o->pcap_out,
		[O_PCAP_IN - O_CALLS] = &o->pcap_in,
		[O_API - O_CALLS] = &o->api,
		[O_ORGANISATION - O_CALLS] = &o->organisation,
		[O_DEVICE - O_CALLS] = &o->device,
		[O_RECORDING_DEVICE - O_CALLS] = &o->recording_device,
		[O_RECORDING_REALM - O_CALLS] = &o->recording_realm,
	};

	*places[id - O_CALLS] = text;
	return 0;
}

static int take(struct options *options, int id, char *text)
{
	switch (id) {
	case O_RECORD:
		options->record = true;
		return 0;
	case O_SLEEP:
		options->sleep = true;
		return 0;
	case O_SEARCH:
		options->search = true;
		return 0;
	case O_JSON:
		options->format = FORMAT_JSON;
		return 0;
	case O_TSV:
		options->format = FORMAT_TSV;
		return 0;
	case O_CALLS ... O_CODEC:
	case O_RATE ... O_RAMP:
	case O_LOSS ... O_CHECK:
		return take_load(options, id, text);
	case O_ADDRESS ... O_REALM:
	case O_RECORDING_ADDRESS:
	case O_CPU:
	case O_EAL:
		return take_place(options, id, text);
	default:
		return take_text(options, id, text);
	}
}

/* --- all of them --- */

int options_read(struct options *options, int argc, char **argv)
{
	int id, ret = 0;

	*options = (struct options){
		.calls = 100,
		.mix = { [MODE_FORWARD] = 1 },
		.ptime = 20,
		.seconds = 10,
		.check = 10,
		.organisation = "rtpgen",
	};
	while (ret == 0 && (id = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (id == O_HELP)
			return printf("%s", options_usage) < 0 ? -EIO : 1;
		ret = id == '?' ? options_refuse("--help lists the options")
				: take(options, id, optarg);
	}
	if (ret == 0 && optind < argc)
		ret = options_refuse("\"%s\" is no option; --help lists them", argv[optind]);
	if (ret == 0)
		ret = options_check(options);
	return ret;
}
