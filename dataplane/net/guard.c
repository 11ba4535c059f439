/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/guard.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_bpf.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf_dyn.h>

#include "net/log.h"

static_assert(offsetof(struct rte_mbuf, ol_flags) == REC_GUARD_OL_FLAGS_OFFSET,
	"bpf/rec_guard.h must name the place of ol_flags in this DPDK's mbuf");

struct guard {
	struct rte_bpf *program;
	struct rte_bpf_jit jit; /* func is NULL where DPDK has no JIT for this machine */
};

/* Take the label bits for ourselves, so that no driver or library uses them for anything else. */
static int reserve_label_bits(void)
{
	for (unsigned bit = 0; TAINT_MASK >> bit; bit++) {
		struct rte_mbuf_dynflag flag = { 0 };

		snprintf(flag.name, sizeof(flag.name), "bridgetap_taint_%u", bit);
		if (rte_mbuf_dynflag_register_bitnum(&flag, TAINT_SHIFT + bit) < 0)
			return -rte_errno;
	}
	return 0;
}

bool guard_passes(const struct guard *guard, struct rte_mbuf *mbuf)
{
	uint64_t verdict = guard->jit.func != NULL ? guard->jit.func(mbuf)
						   : rte_bpf_exec(guard->program, mbuf);

	return verdict == REC_GUARD_PASS;
}

/* The verdicts expected of all sixteen labels, written out: pass for agent, customer and both. */
static int self_test(const struct guard *guard, struct rte_mempool *pool)
{
	static const bool expected[TAINT_MASK + 1] = {
		[TAINT_LABELLED | TAINT_AGENT] = true,
		[TAINT_LABELLED | TAINT_CUSTOMER] = true,
		[TAINT_LABELLED | TAINT_AGENT | TAINT_CUSTOMER] = true,
	};
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	int ret = 0;

	if (mbuf == NULL)
		return -ENOMEM;
	for (unsigned label = 0; label <= TAINT_MASK; label++) {
		mbuf->ol_flags = (uint64_t)label << TAINT_SHIFT;
		if (guard_passes(guard, mbuf) != expected[label]) {
			log_error("recording guard: wrong verdict on label %#x", label);
			ret = -EBADMSG;
		}
	}
	rte_pktmbuf_free(mbuf);
	return ret;
}

struct guard *guard_create(const char *path, struct rte_mempool *pool)
{
	const struct rte_bpf_prm parameters = {
		.prog_arg = {
			.type = RTE_BPF_ARG_PTR_MBUF,
			.size = sizeof(struct rte_mbuf),
			.buf_size = RTE_MBUF_DEFAULT_BUF_SIZE,
		},
	};
	struct guard *guard = calloc(1, sizeof(*guard));
	int ret;

	if (guard == NULL)
		return NULL;
	ret = reserve_label_bits();
	if (ret < 0)
		goto fail;
	guard->program = rte_bpf_elf_load(&parameters, path, REC_GUARD_SECTION);
	if (guard->program == NULL) {
		ret = -rte_errno;
		goto fail;
	}
	rte_bpf_get_jit(guard->program, &guard->jit);
	ret = self_test(guard, pool);
	if (ret < 0)
		goto fail;
	return guard;

fail:
	guard_destroy(guard);
	errno = -ret;
	return NULL;
}

void guard_destroy(struct guard *guard)
{
	if (guard == NULL)
		return;
	rte_bpf_destroy(guard->program);
	free(guard);
}

/* Stopped packets are moved behind those that pass and left to the sender to free, as rte_bpf's
 * own transmit filter does: the sender sees them as not sent. */
static uint16_t filter(uint16_t port_id __rte_unused, uint16_t queue_id __rte_unused,
	struct rte_mbuf *mbufs[], uint16_t count, void *arg)
{
	struct guard_queue *queue = arg;
	uint16_t passed = 0;

	for (uint16_t i = 0; i < count; i++) {
		struct rte_mbuf *mbuf = mbufs[i];

		if (guard_passes(queue->guard, mbuf)) {
			mbufs[i] = mbufs[passed];
			mbufs[passed++] = mbuf;
		}
	}
	queue->dropped += count - passed;
	return passed;
}

int guard_attach(
	struct guard_queue *queue, const struct guard *guard, uint16_t port_id, uint16_t queue_id)
{
	queue->guard = guard;
	queue->dropped = 0;
	return rte_eth_add_tx_callback(port_id, queue_id, filter, queue) != NULL ? 0 : -rte_errno;
}
