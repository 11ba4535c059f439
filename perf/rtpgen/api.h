/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_API_H
#define BRIDGETAP_RTPGEN_API_H

#include <stdint.h>

#include "bench/hub.h"
#include "rtpgen/table.h"

/* What rtpgen asks of the control plane, as any client would. A function that returns -1 has said
 * why. One thread. */

/* An organisation with agents, and as many supervisors as there are monitors, who are logged in. */
int api_set_up(struct hub *hub, const struct table *table);

/* Load the calls, have the monitors join, and learn where each leg must send to. Refuses where the
 * organisation has calls that are not ours. */
int api_begin_calls(struct hub *hub, struct table *table);

/* End all calls. */
int api_end_calls(struct hub *hub);

/* The names of calls and supervisors, by number. */
#define API_NAME_SIZE	 32
#define API_SESSION_SIZE 80
void api_call_name(unsigned call, char name[static API_NAME_SIZE]);
void api_supervisor_name(unsigned call, char name[static API_NAME_SIZE]);

/* Mode switches at a steady rate, under way beside the media. */
struct switches;

struct switch_figures {
	unsigned answered, refused;
	char sentence[160]; /* of the first refusal */
	struct {
		double p50_ms, p99_ms;
	} took;
};

/* NULL where memory is short, or the sessions cannot be learned (after a sentence). The hub and the
 * table outlive it. */
struct switches *switches_create(struct hub *hub, struct table *table, double rate);

/* Send what is due at `tsc`, take what has come, without waiting. */
void switches_turn(struct switches *switches, uint64_t tsc);

/* Wait for all answers, at most some seconds; the figures. */
void switches_finish(struct switches *switches, struct switch_figures *figures);
void switches_destroy(struct switches *switches);

#endif
