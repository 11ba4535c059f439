/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_PERF_SINK_H
#define BRIDGETAP_PERF_SINK_H

/* Between the program that ends the generator's cable and the generator: `sink_counts` has, by
 * the UDP port they come from, the frames of SINK_FRAME bytes that have come. Streams are told
 * apart by it. All other UDP is dropped uncounted. */

#define SINK_PORTS 65536
#define SINK_FRAME 214

#endif
