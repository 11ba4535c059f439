/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rtpgen/options.h"
#include "rtpgen/turns.h"

#define SILENCE_SECONDS 0.1 /* a source that says nothing for longer counts as silent */

int options_refuse(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "bridgetap-rtpgen: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	return -EINVAL;
}

static bool is_impaired(const struct options *o)
{
	return o->loss > 0 || o->reorder > 0 || o->jitter > 0 || o->silence > 0;
}

/* A port that leads back to ourselves, or nowhere. */
static bool is_inside(const char *devargs)
{
	return devargs != NULL && (strncmp(devargs, "net_ring", strlen("net_ring")) == 0 ||
					  strncmp(devargs, "net_null", strlen("net_null")) == 0);
}

static int check_places(const struct options *o)
{
	if (o->api == NULL || o->device == NULL || !ip_is_set(&o->address))
		return options_refuse(
			"--api, --device and --address are needed; --help has examples");
	if (is_inside(o->device) || is_inside(o->recording_device))
		return options_refuse(
			"of a net_ring both ends are in one process, and net_null has "
			"no other end: no appliance would hear us");
	if (o->record && (o->recording_device == NULL || !ip_is_set(&o->recording_address)))
		return options_refuse("--record: recordings leave by a port of their own: it needs "
				      "--recording-device and --recording-address");
	if (!o->record && o->recording_device != NULL)
		return options_refuse("--recording-device has no use without --record");
	return 0;
}

static int check_load(const struct options *o)
{
	unsigned monitored = o->mix[MODE_LISTEN] + o->mix[MODE_WHISPER] + o->mix[MODE_BARGE];

	if (o->ptime % 10 != 0)
		return options_refuse(
			"--ptime %u: packets are 10, 20, 30, 40, 50 or 60 ms long", o->ptime);
	if (o->codec == CHOICE_G722 && (monitored > 0 || o->record))
		return options_refuse(
			"--codec g722: a mix or a recording in G.722 does not show whose voices "
			"are in it: only --mix forward, without --record");
	if (o->switch_rate > 0 && monitored == 0)
		return options_refuse("--switch-rate: in this --mix there is no monitor to switch");
	if (o->search && o->rate_kind != RATE_REAL)
		return options_refuse("--search looks for the rate: leave --rate out");
	if (o->search && (is_impaired(o) || o->ramp > 0))
		return options_refuse(
			"--search counts loss: without --loss, --reorder, --jitter, --silence "
			"and --ramp");
	if ((o->search || o->rate_kind == RATE_MAX) && (o->pcap_out != NULL || o->pcap_in != NULL))
		return options_refuse(
			"a file cannot keep up with the highest rate: no --pcap-out or "
			"--pcap-in then");
	if (is_impaired(o) && o->rate_kind == RATE_MAX)
		return options_refuse(
			"--rate max has no time for jitter and reordering, and hides loss: "
			"give a rate");
	if (o->pcap_in != NULL && (is_impaired(o) || o->rate_kind != RATE_REAL || o->ramp > 0))
		return options_refuse(
			"--pcap-in plays at the times of the file: no other rate, and no "
			"--loss, --reorder, --jitter, --silence or --ramp");
	if (o->overload > 0 && (o->search || o->pcap_out != NULL || o->pcap_in != NULL))
		return options_refuse("--overload comes before a load of its own: no --search, "
				      "--pcap-out or --pcap-in then");
	if (o->talking > o->calls)
		return options_refuse("--talking %u is more than --calls %u", o->talking, o->calls);
	if (o->talking > 0 && o->talking < o->calls && (o->pcap_in != NULL || o->silence > 0))
		return options_refuse("--talking says who is silent when: without --silence and "
				      "--pcap-in");
	if (o->ramp > o->seconds)
		return options_refuse("--ramp %g is longer than --seconds %g", o->ramp, o->seconds);
	return 0;
}

int options_check_rate(const struct options *options, unsigned sources, unsigned turns)
{
	double rate =
		options->rate_kind == RATE_REAL ? sources * 1000.0 / options->ptime : options->rate;

	if (turns > 1 && options->seconds < turns * TURNS_SECONDS)
		return options_refuse(
			"--talking %u: in turns of %g s all calls have spoken after %g s: at least "
			"--seconds %g",
			options->talking, TURNS_SECONDS, turns * TURNS_SECONDS,
			turns * TURNS_SECONDS);
	if (options->overload > 0 && options->overload < sources / SILENCE_SECONDS)
		return options_refuse(
			"--overload %.0f: each of %u sources would send so seldom that it counts "
			"as silent; at least %.0f are needed",
			options->overload, sources, sources / SILENCE_SECONDS);
	if (options->search || options->rate_kind == RATE_MAX || options->pcap_in != NULL)
		return 0;
	if (rate > OPTIONS_RATE_MAX)
		return options_refuse(
			"%u sources in real time are %.0f packets a second; one core makes "
			"at most %.0f. Ask for fewer calls, a lower --rate, or a share --talking "
			"at a "
			"time",
			sources, rate, OPTIONS_RATE_MAX);
	if (sources / rate > SILENCE_SECONDS)
		return options_refuse(
			"--rate %.0f: each of %u sources would send only every %.0f ms, and "
			"whoever pauses for %.0f ms counts as silent. At least %.0f are needed, or "
			"a share --talking at a time",
			rate, sources, sources / rate * 1e3, SILENCE_SECONDS * 1e3,
			sources / SILENCE_SECONDS);
	return 0;
}

int options_check(const struct options *options)
{
	int ret = check_places(options);

	return ret < 0 ? ret : check_load(options);
}
