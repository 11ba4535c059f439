/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>

#include "bench/report.h"
#include "rtpgen/measure.h"

#define CONNECTIONS 4

enum status { STATUS_OK, STATUS_FAILED, STATUS_USAGE, STATUS_HEARD_WRONG };

static struct gen gen;

static void on_signal(int number)
{
	(void)number;
	__atomic_store_n(&gen.stop, true, __ATOMIC_RELAXED);
}

static int open_ports(const struct options *options)
{
	if (device_start_dpdk(options, &gen.pool) < 0 ||
		device_open(&gen.media, options->device, gen.pool) < 0)
		return -1;
	gen.media.first_address = options->address;
	gen.media.addresses = table_addresses(gen.table, false);
	if (!options->record)
		return 0;
	if (device_open(&gen.recorder, options->recording_device, gen.pool) < 0)
		return -1;
	gen.has_recorder = gen.recorder.recording = true;
	gen.recorder.first_address = options->recording_address;
	gen.recorder.addresses = table_addresses(gen.table, true);
	return 0;
}

static int open_calls(const struct options *options)
{
	gen.tsc_hz = rte_get_tsc_hz();
	gen.origin = rte_rdtsc();
	gen.random = 0x9e3779b9;
	wheel_init(&gen.wheel, gen.origin);
	if (hub_init(&gen.hub, options->api, options->organisation, CONNECTIONS) < 0 ||
		api_set_up(&gen.hub, gen.table) < 0 || api_begin_calls(&gen.hub, gen.table) < 0)
		return -1;
	if (measure_resolve(&gen) < 0 || measure_warm_up(&gen) < 0)
		return -1;
	if (options->switch_rate == 0)
		return 0;
	gen.switches = switches_create(&gen.hub, gen.table, options->switch_rate);
	return gen.switches == NULL ? -1 : 0;
}

static enum status measure(const struct options *options)
{
	struct results *results = results_create(options->format);
	bool right = true;
	int ret;

	ret = options->search ? measure_search(&gen, results) : measure_once(&gen, results);
	if (ret == 0)
		right = measure_report(&gen, results);
	results_print(results);
	ret |= capture_destroy(gen.capture);
	if (ret < 0)
		return STATUS_FAILED;
	return right ? STATUS_OK : STATUS_HEARD_WRONG;
}

static void tidy_up(void)
{
	switches_destroy(gen.switches);
	playback_destroy(gen.playback);
	device_close(&gen.media);
	if (gen.has_recorder)
		device_close(&gen.recorder);
	hub_fini(&gen.hub);
	table_destroy(gen.table);
	rte_eal_cleanup();
}

int main(int argc, char **argv)
{
	static struct options options;
	enum status status;
	int ret = options_read(&options, argc, argv);

	if (ret != 0)
		return ret < 0 ? STATUS_USAGE : STATUS_OK;
	if (voice_init() < 0)
		return STATUS_FAILED;
	gen.options = &options;
	gen.table = table_create(&options);
	if (gen.table == NULL)
		report_out_of_memory();
	if (options_check_rate(&options, turns_speaking(gen.table), turns_blocks(&options)) < 0)
		return STATUS_USAGE;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	/* After an error requests may be under way whose memory is gone: nothing is tidied up. */
	if (open_ports(&options) < 0 || open_calls(&options) < 0)
		return STATUS_FAILED;
	status = measure(&options);
	if (api_end_calls(&gen.hub) < 0)
		return STATUS_FAILED;
	tidy_up();
	return status;
}
