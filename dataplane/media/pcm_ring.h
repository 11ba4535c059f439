/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_PCM_RING_H
#define BRIDGETAP_MEDIA_PCM_RING_H

#include <stdint.h>

/* The recent past of one source, addressed by that source's own RTP timestamps. The source
 * writes each packet once; any number of listeners read, at any offset, any number of times.
 * Owned by the worker that owns the call; no other thread may touch it. */

#define PCM_RING_SAMPLES 1024 /* 128 ms at 8 kHz; a power of two */

struct pcm_ring {
	uint32_t end;	 /* timestamp just past the newest sample */
	uint32_t filled; /* samples valid before `end`; 0 while empty */
	uint8_t taint;	 /* role bits of whose voice is in here, see bpf/rec_guard.h */
	int16_t samples[PCM_RING_SAMPLES];
};

/* Make `ring` empty; `taint` says whose voice will be written. */
void pcm_ring_init(struct pcm_ring *ring, uint8_t taint);

/* Write `count` (at most PCM_RING_SAMPLES) linear samples that begin at `timestamp`. Samples
 * skipped since the last write read as silence; a late packet fills the place it belongs to.
 * Returns 0, or -ERANGE when the packet is older than the ring reaches back (nothing changes). */
int pcm_ring_write(struct pcm_ring *ring, uint32_t timestamp, const int16_t *pcm, unsigned count);

/* The same for a caller that writes the samples itself, all of them and at once, to where this
 * points. NULL, and nothing has changed, where they would not be in one piece, or not be taken:
 * then pcm_ring_write() is what to call. */
int16_t *pcm_ring_place(struct pcm_ring *ring, uint32_t timestamp, unsigned count);

/* Read `count` samples from `timestamp` on into `pcm`; what the ring does not hold is 0.
 * Returns how many samples it did hold. Reading changes nothing. */
unsigned pcm_ring_read(
	const struct pcm_ring *ring, uint32_t timestamp, int16_t *pcm, unsigned count);

/* The same without copying where the ring holds all of them in one piece: returns where they are,
 * or `copy` with what was read. NULL where the ring holds none of them. */
const int16_t *pcm_ring_view(
	const struct pcm_ring *ring, uint32_t timestamp, int16_t *copy, unsigned count);

/* How many samples from `timestamp` on are older than the oldest one the ring holds. */
static inline unsigned pcm_ring_missing_before(const struct pcm_ring *ring, uint32_t timestamp)
{
	int32_t missing = (int32_t)(ring->end - ring->filled - timestamp);

	return missing > 0 ? (unsigned)missing : 0;
}

#endif
