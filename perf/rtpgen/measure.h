/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_MEASURE_H
#define BRIDGETAP_RTPGEN_MEASURE_H

#include "rtpgen/gen.h"
#include "rtpgen/results.h"

/* What a run does once its calls are up. One thread. A function that returns -1 has said why. */

/* Learn where the appliance is, where nobody has said so. */
int measure_resolve(struct gen *gen);

/* Speak in real time, or nearly so, until every listener hears something and all numbers are
 * known by which packets are told from each other. */
int measure_warm_up(struct gen *gen);

/* Look for the highest rate without loss; the figures of a run at that rate stay. */
int measure_search(struct gen *gen, struct results *results);

/* One run as the options have it; before it, the overload that they may ask for, with rows of its
 * own. */
int measure_once(struct gen *gen, struct results *results);

/* Rows of the figures there are, of an overload. Returns whether nobody heard whom they should not,
 * and every stream went on as one. */
bool measure_report_overload(struct gen *gen, struct results *results);

/* Likewise, of what came right after it. */
bool measure_report_recovery(struct gen *gen, struct results *results);

/* Rows of the figures there are. Returns whether everybody heard whom they should. */
bool measure_report(struct gen *gen, struct results *results);

#endif
