/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_vect.h>

#include "burst/measure.h"
#include "burst/micro.h"
#include "media/codec.h"

/* Bursts through the real worker with no driver: what a packet costs in TSC cycles, with all that
 * goes out for it. Prints a line of NAME=VALUE pairs for whatever is asked for; bench.py asks, and
 * makes rows of them. */

static const char usage[] =
	"Usage: bridgetap-bench-worker EAL-ARGUMENTS -- GUARD.o WHAT...\n"
	"\n"
	"WHAT is any of\n"
	"  SCENE:CALLS    bursts of so many calls on one worker; SCENE is forward, listen,\n"
	"                 whisper, barge, or wide, which is barge in G.722\n"
	"  SCENE:CALLS:2  the same calls, half of them on each of two workers\n"
	"  SCENE:CALLS:P% on one worker, and of what is sent, P in a hundred packets are lost\n"
	"  guard          a verdict of the recording guard\n"
	"  lookup:CALLS   from a frame to the leg it is for\n"
	"  upkeep:CALLS   visiting a leg, with the reports that are due\n"
	"  build          building a call of three parties\n"
	"  load:BYTES     a load from anywhere within so much memory\n";

static void print_spread(const char *what, const char *detail, const struct spread *spread)
{
	printf("what=%.*s%s median=%.2f low=%.2f high=%.2f count=%u\n", (int)strcspn(what, ":"),
		what, detail, spread->median, spread->low, spread->high, spread->count);
	fflush(stdout);
}

static void print_job(const struct job *job, unsigned workers, double driver)
{
	const struct population *p = &job->population;
	char detail[256];

	snprintf(detail, sizeof(detail),
		" calls=%u lost=%u workers=%u worker=%u out=%.2f driver=%.2f packets=%llu legs=%u "
		"leg_bytes=%zu ring_bytes=%zu heap_bytes=%zu hz=%llu",
		p->calls, job->lost, workers, job->worker->index, job->out, driver * job->out,
		(unsigned long long)job->packets, p->legs, p->leg_bytes, p->ring_bytes,
		p->heap_bytes, (unsigned long long)rte_get_tsc_hz());
	print_spread(scene_names[p->scene], detail, &job->cycles);
}

/* Besides so many calls on one worker. */
struct variant {
	unsigned workers;
	unsigned lost; /* in a hundred packets */
};

/* What the workers share, the mempool, the ports, the guard and the lines of memory that lie next
 * to each other, would show with two of them. */
static void carry(struct rig *rig, enum scene scene, unsigned calls, struct variant variant)
{
	unsigned workers = variant.workers;
	double driver = measure_driver(rig).median;
	unsigned other = rte_get_next_lcore(-1, 1, 0);
	struct job jobs[2];

	if (workers > rig->worker_count)
		die("two workers need two lcores");
	for (unsigned i = 0; i < workers; i++) {
		job_init(&jobs[i], rig, i, scene, calls / workers);
		jobs[i].lost = variant.lost;
	}
	if (workers > 1)
		rte_eal_remote_launch(job_run, &jobs[1], other);
	job_run(&jobs[0]);
	if (workers > 1)
		rte_eal_wait_lcore(other);
	for (unsigned i = 0; i < workers; i++) {
		print_job(&jobs[i], workers, driver);
		job_fini(&jobs[i]);
	}
}

/* --- what is asked for --- */

/* What may stand behind a number of calls. */
static bool read_variant(const char *text, struct variant *variant)
{
	unsigned lost;
	int length = 0;

	*variant = (struct variant){ .workers = 1 };
	if (*text == '\0')
		return true;
	if (strcmp(text, ":2") == 0) {
		variant->workers = 2;
		return true;
	}
	if (sscanf(text, ":%2u%%%n", &lost, &length) != 1 || text[length] != '\0' || length == 0)
		return false;
	variant->lost = lost;
	return true;
}

/* The number after "NAME:", with nothing behind it but maybe a variant; 0 where it is not that. */
static unsigned number_after(const char *what, const char *name, struct variant *variant)
{
	size_t length = strlen(name);
	unsigned long value;
	char *end;

	if (strncmp(what, name, length) != 0 || what[length] != ':' || what[length + 1] == '-')
		return 0;
	value = strtoul(what + length + 1, &end, 10);
	if (!read_variant(end, variant) || value < variant->workers || value > 1u << 30)
		return 0;
	return (unsigned)value;
}

static bool try_scene(struct rig *rig, const char *what)
{
	for (enum scene scene = 0; scene < SCENE_COUNT; scene++) {
		struct variant variant;
		unsigned calls = number_after(what, scene_names[scene], &variant);

		if (calls > 0 && population_fits(scene, calls / variant.workers)) {
			carry(rig, scene, calls, variant);
			return true;
		}
	}
	return false;
}

static bool try_micro(struct rig *rig, const char *what)
{
	struct variant ignored;
	unsigned number;
	struct spread spread;
	char detail[32] = "";

	if (strcmp(what, "guard") == 0) {
		spread = micro_guard(rig);
	} else if (strcmp(what, "build") == 0) {
		spread = micro_build(rig);
	} else if ((number = number_after(what, "lookup", &ignored)) > 0 &&
		   population_fits(SCENE_FORWARD, number)) {
		spread = micro_lookup(rig, number);
		snprintf(detail, sizeof(detail), " calls=%u", number);
	} else if ((number = number_after(what, "upkeep", &ignored)) > 0 &&
		   population_fits(SCENE_FORWARD, number)) {
		spread = micro_upkeep(rig, number);
		snprintf(detail, sizeof(detail), " calls=%u", number);
	} else if ((number = number_after(what, "load", &ignored)) >= RTE_CACHE_LINE_SIZE) {
		spread = micro_load(number);
		snprintf(detail, sizeof(detail), " bytes=%u", number);
	} else {
		return false;
	}
	print_spread(what, detail, &spread);
	return true;
}

int main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv);
	struct rig rig;

	if (used < 0 || argc - used < 3) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	argv += used + 1;
	codec_init(rte_vect_get_max_simd_bitwidth());
	rig_start(&rig, argv[0]);
	while (*++argv != NULL)
		if (!try_scene(&rig, *argv) && !try_micro(&rig, *argv)) {
			fprintf(stderr, "bridgetap-bench-worker: \"%s\" cannot be measured\n",
				*argv);
			return EXIT_FAILURE;
		}
	rig_stop(&rig);
	return EXIT_SUCCESS;
}
