/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BPF_REC_GUARD_H
#define BRIDGETAP_BPF_REC_GUARD_H

/* The contract between whoever fills a packet and the guard of the recording port: every packet
 * says whose voice is in it. The labels are bits of the mbuf's ol_flags, which DPDK clears when
 * a packet is allocated, so a packet that nobody labelled carries none of them. */

#define TAINT_AGENT    0x1u
#define TAINT_CUSTOMER 0x2u
#define TAINT_MONITOR  0x4u
#define TAINT_LABELLED 0x8u /* set whenever the other bits were set on purpose */
#define TAINT_MASK     0xfu

#define TAINT_SHIFT 32 /* of the taint within ol_flags; DPDK leaves these bits to applications */

#define REC_GUARD_OL_FLAGS_OFFSET 24 /* of ol_flags within struct rte_mbuf */

#define REC_GUARD_SECTION "guard" /* ELF section of the program */

enum rec_guard_verdict {
	REC_GUARD_DROP = 0,
	REC_GUARD_PASS = 1,
};

#endif
