/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_QUALITY_H
#define BRIDGETAP_MEDIA_QUALITY_H

/* How good a conversation is, by the E-model: ITU-T G.107 with its default values, and the
 * equipment impairments of G.113 appendix I. Pure functions, any thread. */

/* What a codec does to quality, and what loss does to the codec. */
struct quality_codec {
	double impairment; /* Ie */
	double robustness; /* Bpl, in per cent of packets */
};

/* G.711 without and with packet loss concealment. Of G.722 the wideband impairment of 13 on a scale
 * to 129 (G.107.1), brought to this one, which ends at 93.2. */
extern const struct quality_codec quality_g711;
extern const struct quality_codec quality_g711_concealed;
extern const struct quality_codec quality_g722;

struct quality_input {
	const struct quality_codec *codec;
	double loss;	    /* of packets, from 0 to 1 */
	double burst_ratio; /* 1 for random loss; the mean burst over that of random loss */
	double delay_ms;    /* from mouth to ear, one way; 0 for listening quality */
};

/* The rating factor R, from 0 to 93.2. */
double quality_rating(const struct quality_input *input);

/* The mean opinion score of a rating, from 1 to 4.5 (G.107 annex B). */
double quality_mos(double rating);

#endif
