/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_PCM_RING_H
#define BRIDGETAP_MEDIA_PCM_RING_H

#include <stdbool.h>
#include <stdint.h>

/* The recent past of one source, addressed by that source's own RTP timestamps. The source
 * writes each packet once; any number of listeners read, at any offset, any number of times.
 * Samples are kept as they came, a byte each (G.711): decoding costs less than the memory that
 * linear ones would take. Owned by the worker that owns the call; no other thread may touch it. */

#define PCM_RING_SAMPLES 2048 /* 256 ms at 8 kHz; a power of two */

struct pcm_ring {
	uint8_t *samples; /* PCM_RING_SAMPLES of them, not owned; NULL: there is no ring */
	uint32_t end;	  /* timestamp just past the newest sample */
	uint16_t filled;  /* samples valid before `end`; 0 while empty */
	uint8_t taint;	  /* role bits of whose voice is in here, see bpf/rec_guard.h */
	uint8_t silence;  /* what stands for it */
};

/* Make `ring` an empty one in `samples`, best at the beginning of a cache line; `taint` says whose
 * voice will be written, `silence` what its codec has for no sound. */
void pcm_ring_init(struct pcm_ring *ring, uint8_t *samples, uint8_t taint, uint8_t silence);

/* Make `ring` empty again. */
static inline void pcm_ring_clear(struct pcm_ring *ring)
{
	ring->end = 0;
	ring->filled = 0;
}

/* Write `count` samples that follow the newest one, as nearly all packets do; false where those at
 * `timestamp` do not, and nothing was written. */
bool pcm_ring_append(
	struct pcm_ring *ring, uint32_t timestamp, const uint8_t *coded, unsigned count);

/* Write `count` (at most PCM_RING_SAMPLES) samples that begin at `timestamp`. Samples
 * skipped since the last write read as silence; a late packet fills the place it belongs to.
 * Returns 0, or -ERANGE when the packet is older than the ring reaches back (nothing changes). */
int pcm_ring_write(struct pcm_ring *ring, uint32_t timestamp, const uint8_t *coded, unsigned count);

/* Read `count` samples from `timestamp` on into `coded`; what the ring does not hold is silence.
 * Returns how many samples it did hold. Reading changes nothing. */
unsigned pcm_ring_read(
	const struct pcm_ring *ring, uint32_t timestamp, uint8_t *coded, unsigned count);

/* The same without copying where the ring holds all of them in one piece: returns where they are,
 * or `copy` with what was read. NULL where the ring holds none of them. */
const uint8_t *pcm_ring_view(
	const struct pcm_ring *ring, uint32_t timestamp, uint8_t *copy, unsigned count);

/* How many samples from `timestamp` on are older than the oldest one the ring holds. */
static inline unsigned pcm_ring_missing_before(const struct pcm_ring *ring, uint32_t timestamp)
{
	int32_t missing = (int32_t)(ring->end - ring->filled - timestamp);

	return missing > 0 ? (unsigned)missing : 0;
}

#endif
