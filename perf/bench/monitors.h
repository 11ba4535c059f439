/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BENCH_MONITORS_H
#define BRIDGETAP_BENCH_MONITORS_H

#include "bench/bench.h"
#include "bench/population.h"

/* Supervisors on calls, one each. */

#define MODES 3

struct monitor {
	char user[NAME_SIZE];
	char session[80];
	unsigned call;
	bool hand;     /* the hand of the call's agent is up */
	unsigned mode; /* 1 to MODES, as in the protocol: listen, whisper, barge */
	struct packed to_mode[MODES + 1]; /* SwitchMode requests, by mode */
};

/* Supervisor number i joins call `calls[i]`, listening. NULL after an "error:" line. */
struct monitor *monitors_join(struct bench *bench, const unsigned *calls, unsigned count);

/* All leave; frees. 0 or -1. */
int monitors_leave(struct bench *bench, struct monitor *monitors, unsigned count);

/* Set `rpc` up to switch to the next mode, which is the monitor's from now on. */
void monitor_switch(struct monitor *monitor, struct rpc *rpc);

#endif
