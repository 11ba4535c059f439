/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_TESTS_WITNESS_H
#define BRIDGETAP_TESTS_WITNESS_H

#include "fixture.h"

/* Two calls side by side, one of which is attacked. What may move is one counter of losses; the
 * call beside it, and as a rule the one that is attacked, lose nothing: each packet is heard once,
 * in a stream without a gap. */

/* Both calls are up and have spoken. `parties` are those of the attacked one. */
void witness_begin(unsigned parties);

/* 20 ms pass, in which the agents and customers of both calls speak and are heard. */
void witness_round(void);

/* The same without the agent that is attacked; and what it says goes on where it was. */
void witness_round_beside(void);

/* Since witness_begin(), `counter` has counted `count` losses, and no other one has counted any.
 * `what` names the case. */
void witness_end(const char *what, enum counter counter, uint64_t count);

/* Nothing was lost at all. */
void witness_end_well(const char *what);

/* How often a counter moved since witness_begin(). */
uint64_t witness_counted(enum counter counter);

/* The next packet to `party` follows the one before it as the next one of its stream, `samples`
 * later. */
void witness_hears(enum party party, unsigned samples);

/* A packet of the agent as it could be next, which is none of its stream: for an attacker. */
struct rte_mbuf *forge(unsigned count);

#endif
