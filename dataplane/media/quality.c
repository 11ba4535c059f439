/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/quality.h"

#include <math.h>

#include "fastpath.h"

/* The symbols are the recommendation's; these are its default values (G.107 table 2). */
#define SLR  8.0 /* send loudness rating, dB */
#define RLR  2.0 /* receive loudness rating, dB */
#define OLR  (SLR + RLR)
#define STMR 15.0  /* side tone masking rating, dB */
#define LSTR 18.0  /* listener side tone rating, dB */
#define DS   3.0   /* D value of the telephone, send side */
#define TELR 65.0  /* talker echo loudness rating, dB */
#define WEPL 110.0 /* weighted echo path loss, dB */
#define QDU  1.0   /* quantizing distortion units */
#define NC   -70.0 /* circuit noise, dBm0p */
#define NFOR -64.0 /* noise floor at the receive side, dBmp */
#define PS   35.0  /* room noise at the send side, dB(A) */
#define PR   35.0  /* room noise at the receive side, dB(A) */

#define G722_WIDEBAND_TOP 129.0 /* of the scale of G.107.1 */
#define G722_WIDEBAND	  13.0
#define TOP		  93.2

const struct quality_codec quality_g711 = { 0, 4.3 };
const struct quality_codec quality_g711_concealed = { 0, 25.1 };
const struct quality_codec quality_g722 = { TOP * G722_WIDEBAND / G722_WIDEBAND_TOP, 4.3 };

static double power(double decibel)
{
	return pow(10, decibel / 10);
}

/* The n-norm of 1 and x. */
static double norm(double x, double n)
{
	return pow(1 + pow(x, n), 1 / n);
}

/* No: all noise, as if it were at one place (7.2). */
static double noise(void)
{
	double nos = PS - SLR - DS - 100 + 0.004 * pow(PS - OLR - DS - 14, 2);
	double pre = PR + 10 * log10(1 + pow(10, (10 - LSTR) / 10));
	double nor = RLR - 121 + pre + 0.008 * pow(pre - 35, 2);
	double nfo = NFOR + RLR;

	return 10 * log10(power(NC) + power(nos) + power(nor) + power(nfo));
}

/* Is: what comes with the voice (7.3), for an echo after `t` milliseconds. */
static double simultaneous(double ro, double no, double t)
{
	double xolr = OLR + 0.2 * (64 + no - RLR);
	double iolr = 20 * (norm(xolr / 8, 8) - xolr / 8);
	double stmro = -10 * log10(power(-STMR) + exp(-t / 4) * power(-TELR));
	double ist = 12 * norm((stmro - 13) / 6, 8) - 28 * norm((stmro + 1) / 19.4, 35) -
		     13 * norm((stmro - 3) / 33, 13) + 29;
	double q = 37 - 15 * log10(QDU);
	double g = 1.07 + 0.258 * q + 0.0602 * q * q;
	double y = (ro - 100) / 15 + 46 / 8.4 - g / 9, z = 46.0 / 30 - g / 40;

	return iolr + ist + 15 * log10(1 + pow(10, y) + pow(10, z));
}

/* Idte: hearing oneself (7.4.1). */
static double talker_echo(double no, double t)
{
	double terv = TELR - 40 * log10((1 + t / 10) / (1 + t / 150)) + 6 * exp(-0.3 * t * t);
	double roe = -1.5 * (no - RLR), re = 80 + 2.5 * (terv - 14);

	return ((roe - re) / 2 + sqrt(pow(roe - re, 2) / 4 + 100) - 1) * (1 - exp(-t));
}

/* Idle: hearing the other twice (7.4.2); the round trip is twice the way. */
static double listener_echo(double ro, double t)
{
	double rle = 10.5 * (WEPL + 7) * pow(2 * t + 1, -0.25);

	return (ro - rle) / 2 + sqrt(pow(ro - rle, 2) / 4 + 169);
}

/* Idd: waiting for the other (7.4.3). */
static double absolute_delay(double t)
{
	double x = t > 100 ? log2(t / 100) : 0;

	return t > 100 ? 25 * (norm(x, 6) - 3 * norm(x / 3, 6) + 2) : 0;
}

/* Ie,eff (7.5). */
static double equipment(const struct quality_input *input)
{
	double percent = 100 * input->loss, ie = input->codec->impairment;

	if (percent <= 0)
		return ie;
	return ie + (95 - ie) * percent / (percent / input->burst_ratio + input->codec->robustness);
}

double quality_rating(const struct quality_input *input)
{
	double no = noise(), ro = 15 - 1.5 * (SLR + no), t = input->delay_ms;
	double id = talker_echo(no, t) + listener_echo(ro, t) + absolute_delay(t);
	double rating = ro - simultaneous(ro, no, t) - id - equipment(input);

	return rating < 0 ? 0 : rating;
}

double quality_mos(double rating)
{
	double mos = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6;

	if (rating >= 100)
		return 4.5;
	return rating <= 0 || mos < 1 ? 1 : mos;
}
