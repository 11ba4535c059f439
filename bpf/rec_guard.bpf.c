/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
 * Copyright (c) 2026 Bridgetap contributors */

/* The last instructions that run before a packet leaves for the recorder, executed by rte_bpf on
 * the recording port's transmit side. It shares nothing with the code that decides who hears
 * whom. It fails closed: what is not labelled, or labelled with anything beyond agent and
 * customer, stays in (M29). */

#include <linux/types.h>

#include "bpf/rec_guard.h"

__attribute__((section(REC_GUARD_SECTION), used)) __u64 rec_guard(const void *mbuf)
{
	__u64 ol_flags = *(const __u64 *)((const char *)mbuf + REC_GUARD_OL_FLAGS_OFFSET);
	__u32 taint = (ol_flags >> TAINT_SHIFT) & TAINT_MASK;

	if (!(taint & TAINT_LABELLED))
		return REC_GUARD_DROP;
	if (taint & ~(TAINT_LABELLED | TAINT_AGENT | TAINT_CUSTOMER))
		return REC_GUARD_DROP;
	if (!(taint & (TAINT_AGENT | TAINT_CUSTOMER)))
		return REC_GUARD_DROP;
	return REC_GUARD_PASS;
}
