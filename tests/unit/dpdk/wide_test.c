/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "fixture.h"

#include <math.h>
#include <stdlib.h>

#include "bpf/rec_guard.h"
#include "media/comfort_noise.h"

/* Calls with G.722 in them. Each party speaks a tone of its own, and what a listener hears is
 * solved for the tones' amplitudes: whom it hears is seen whatever way the voices took. */

#define TWO	 (1u << AGENT | 1u << CUSTOMER)
#define THREE	 (TWO | 1u << MONITOR)
#define RECORDED (1u << REC_AGENT | 1u << REC_CUSTOMER)

#define SPEAKERS  3
#define AMPLITUDE 6000
#define SETTLED	  30 /* frames until all that has to settle has */
#define MEASURED  20 /* frames that are listened to */
#define WINDOW	  4  /* frames in which each tone has whole periods */

/* Hz; all of them pass through 8 kHz, and all products of G.711's rounding are elsewhere. */
static const double tones[SPEAKERS] = { 412.5, 750, 1187.5 };

static const uint8_t payload_types[CODEC_COUNT] = {
	[CODEC_PCMU] = 0, [CODEC_PCMA] = 8, [CODEC_G722] = 9
};
static const uint8_t codecs[] = { CODEC_PCMU, CODEC_PCMA, CODEC_G722 };

static unsigned spoken[SPEAKERS]; /* frames of each */

/* What each party has heard since it was last looked at. */
static struct {
	int16_t pcm[400 * FRAME * CODEC_WIDE];
	unsigned samples;
} ears[PARTY_COUNT];

static unsigned rate_of(unsigned party)
{
	return codec_get(plans[party].codec)->sample_rate;
}

static void use_codec(enum party party, uint8_t codec)
{
	if (plans[party].codec != codec)
		renew_phone(party);
	plans[party].codec = codec;
	plans[party].payload_type = payload_types[codec];
}

static void speak_tone(enum party party, double hz, double amplitude)
{
	unsigned rate = rate_of(party), count = FRAME * rate / 8000;
	int16_t pcm[FRAME * CODEC_WIDE];

	for (unsigned i = 0; i < count; i++)
		pcm[i] = (int16_t)lrint(
			amplitude * sin(2 * M_PI * hz * (spoken[party] * count + i) / rate));
	spoken[party]++;
	say_pcm(party, pcm, FRAME);
}

static void gather(void)
{
	struct heard heard;

	for (unsigned p = 0; p < PARTY_COUNT; p++)
		while (take(p, &heard)) {
			assert_in_range(
				ears[p].samples, 0, COUNT_OF(ears[p].pcm) - COUNT_OF(heard.pcm));
			memcpy(ears[p].pcm + ears[p].samples, heard.pcm,
				heard.samples * sizeof(*heard.pcm));
			ears[p].samples += heard.samples;
		}
}

static void forget(void)
{
	for (unsigned p = 0; p < PARTY_COUNT; p++)
		ears[p].samples = 0;
}

static void speak(unsigned parties, unsigned frames)
{
	for (unsigned n = 0; n < frames; n++) {
		for (int p = MONITOR; p >= 0; p--)
			if (parties >> p & 1)
				speak_tone((enum party)p, tones[p], AMPLITUDE);
		gather();
		now_us += FRAME_US;
	}
}

static double gain_in(const int16_t *pcm, unsigned count, double hz, unsigned rate)
{
	double re = 0, im = 0;

	for (unsigned i = 0; i < count; i++) {
		re += pcm[i] * cos(2 * M_PI * hz * i / rate);
		im += pcm[i] * sin(2 * M_PI * hz * i / rate);
	}
	return 2 * hypot(re, im) / count / AMPLITUDE;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The amplitude of a tone in what a party has heard, of the amplitude it was spoken with: the
 * median over windows, because a timeline may be moved by a millisecond for a slow clock. */
static double gain_at(enum party party, double hz)
{
	unsigned rate = rate_of(party), window = WINDOW * FRAME * rate / 8000;
	unsigned count = ears[party].samples / window;
	double gains[MEASURED];

	assert_in_range(count, 1, MEASURED);
	for (unsigned i = 0; i < count; i++)
		gains[i] = gain_in(&ears[party].pcm[i * window], window, hz, rate);
	qsort(gains, count, sizeof(*gains), by_value);
	return gains[count / 2];
}

static void assert_hears(enum party listener, unsigned sources, const char *what)
{
	for (unsigned p = 0; p < SPEAKERS; p++) {
		double gain = gain_at(listener, tones[p]), want = sources >> p & 1;

		/* A step of G.711 is 4 % here, and its two laws round each other's values. */
		if (fabs(gain - want) > (want > 0 ? 0.03 : 0.003))
			fail_msg("%s: party %d hears %.4f of party %u, wants %.0f", what, listener,
				gain, p, want);
	}
}

static void join(enum mode mode, unsigned parties)
{
	plans[MONITOR].mode = mode;
	put_call(parties);
}

static void start_wide(void **state)
{
	(void)state;
	memset(spoken, 0, sizeof(spoken));
	forget();
}

static int new_wide_call(void **state)
{
	new_call(state);
	start_wide(state);
	for (unsigned p = 0; p < SPEAKERS; p++)
		use_codec(p, CODEC_G722);
	return 0;
}

/* --- untouched ------------------------------------------------------------------------------ */

static void wideband_is_forwarded_bit_for_bit(void **state)
{
	uint8_t payload[FRAME];

	(void)state;
	put_call(TWO);
	for (unsigned i = 0; i < 100; i++) {
		enum party from = i & 1 ? AGENT : CUSTOMER, to = i & 1 ? CUSTOMER : AGENT;
		struct heard heard;

		for (unsigned k = 0; k < FRAME; k++)
			payload[k] = (uint8_t)random();
		say_payload(from, payload, FRAME);
		heard = hear(to);
		assert_int_equal(heard.rtp.payload_type, 9);
		assert_int_equal(heard.count, FRAME);
		assert_memory_equal(heard.payload, payload, FRAME);
		now_us += FRAME_US;
	}
	assert_int_equal(counted(COUNTER_forwarded), 100);
}

/* Although a monitor speaks, and all is decoded for the monitor. */
static void a_listening_monitor_leaves_no_trace_in_wideband(void **state)
{
	uint8_t payload[FRAME];

	(void)state;
	for (unsigned p = REC_AGENT; p <= REC_CUSTOMER; p++)
		use_codec(p, CODEC_G722);
	join(MODE_LISTEN, THREE | RECORDED);
	for (unsigned i = 0; i < 50; i++) {
		struct heard heard;

		speak_tone(MONITOR, tones[MONITOR], AMPLITUDE);
		for (unsigned k = 0; k < FRAME; k++)
			payload[k] = (uint8_t)random();
		say_payload(AGENT, payload, FRAME);
		heard = hear(CUSTOMER);
		assert_memory_equal(heard.payload, payload, FRAME);
		heard = hear(REC_AGENT);
		assert_memory_equal(heard.payload, payload, FRAME);
		say_payload(CUSTOMER, payload, FRAME);
		heard = hear(AGENT);
		assert_memory_equal(heard.payload, payload, FRAME);
		heard = hear(REC_CUSTOMER);
		assert_memory_equal(heard.payload, payload, FRAME);
		hear(MONITOR);
		hears_nothing(MONITOR);
		now_us += FRAME_US;
	}
	assert_int_equal(counted(COUNTER_guard_dropped), 0);
}

static void a_silent_monitor_leaves_wideband_untouched(void **state)
{
	uint8_t payload[FRAME];

	(void)state;
	join(MODE_BARGE, THREE);
	for (unsigned i = 0; i < 30; i++) {
		struct heard heard;

		for (unsigned k = 0; k < FRAME; k++)
			payload[k] = (uint8_t)random();
		say_payload(CUSTOMER, payload, FRAME);
		heard = hear(AGENT);
		assert_memory_equal(heard.payload, payload, FRAME);
		hear(MONITOR);
		now_us += FRAME_US;
	}
}

/* Once the monitor has fallen silent, but not amid a word: its decoder has to get used to it. */
static void packets_go_on_untouched_in_a_quiet_moment(void **state)
{
	uint64_t forwarded;

	(void)state;
	join(MODE_BARGE, THREE);
	for (unsigned i = 0; i < 2; i++) {
		speak(THREE, SETTLED);
		speak(TWO, 10);
		forwarded = counted(COUNTER_forwarded);
		speak(TWO, 30);
		assert_int_equal(counted(COUNTER_forwarded), forwarded);
		for (unsigned n = 0; i == 0 && n < 3; n++) { /* neither says anything */
			for (unsigned p = AGENT; p <= CUSTOMER; p++)
				speak_tone(p, 0, 0);
			gather();
			now_us += FRAME_US;
		}
		if (i == 1) /* or that moment never comes */
			speak(TWO, 50);
		forwarded = counted(COUNTER_forwarded);
		speak(TWO, 10);
		assert_int_equal(counted(COUNTER_forwarded), forwarded + 2 * 10);
	}
}

/* --- who hears whom ------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum mode mode;
	unsigned agent, customer;
} modes[] = {
	{ "listen", MODE_LISTEN, 1u << CUSTOMER, 1u << AGENT },
	{ "whisper", MODE_WHISPER, 1u << CUSTOMER | 1u << MONITOR, 1u << AGENT },
	{ "barge", MODE_BARGE, 1u << CUSTOMER | 1u << MONITOR, 1u << AGENT | 1u << MONITOR },
	{ "no mode", MODE_NONE, 1u << CUSTOMER, 1u << AGENT },
};

static void assert_mode(unsigned m, uint8_t agent, uint8_t customer, uint8_t monitor)
{
	char what[96];

	snprintf(what, sizeof(what), "%s, agent %s, customer %s, monitor %s", modes[m].name,
		codec_get(agent)->name, codec_get(customer)->name, codec_get(monitor)->name);
	use_codec(AGENT, agent);
	use_codec(CUSTOMER, customer);
	use_codec(MONITOR, monitor);
	use_codec(REC_AGENT, customer);
	join(modes[m].mode, THREE | RECORDED);
	speak(THREE, SETTLED);
	forget();
	speak(THREE, MEASURED);
	assert_hears(AGENT, modes[m].agent, what);
	assert_hears(CUSTOMER, modes[m].customer, what);
	if (modes[m].mode != MODE_NONE)
		assert_hears(MONITOR, TWO, what);
	assert_hears(REC_AGENT, 1u << AGENT, what);
	assert_hears(REC_CUSTOMER, 1u << CUSTOMER, what);
	assert_int_equal(counted(COUNTER_guard_dropped), 0);
}

static void all_codecs_in_all_modes_give_the_matrix(void **state)
{
	const unsigned of_each = COUNT_OF(codecs);

	for (unsigned m = 0; m < COUNT_OF(modes); m++)
		for (unsigned n = 0; n < of_each * of_each * of_each; n++) {
			new_wide_call(state);
			assert_mode(m, codecs[n / of_each / of_each], codecs[n / of_each % of_each],
				codecs[n % of_each]);
			end_call(state);
		}
	new_wide_call(state);
}

static void packets_of_any_length_are_mixed_in_wideband(void **state)
{
	static const unsigned counts[] = { 80, 160, 240, 320, 480 };
	int16_t pcm[CODEC_MAX_SAMPLES * CODEC_WIDE];

	for (size_t c = 0; c < COUNT_OF(counts); c++) {
		unsigned phase = 0, samples = counts[c] * CODEC_WIDE;

		new_wide_call(state);
		use_codec(AGENT, CODEC_PCMU);
		join(MODE_BARGE, THREE);
		for (unsigned frame = 0; frame < 20 + 12800 / samples; frame++) {
			if (frame == 20)
				forget();
			for (unsigned i = 0; i < samples; i++, phase++)
				pcm[i] = (int16_t)lrint(
					AMPLITUDE * sin(2 * M_PI * tones[MONITOR] * phase / 16000));
			say_pcm(MONITOR, pcm, counts[c]);
			memset(pcm, 0, sizeof(pcm));
			say_pcm(CUSTOMER, pcm, counts[c]);
			say_pcm(AGENT, pcm, counts[c]);
			gather();
			now_us += counts[c] * 125;
		}
		assert_hears(AGENT, 1u << MONITOR, "agent");
		assert_hears(CUSTOMER, 1u << MONITOR, "customer");
		end_call(state);
	}
	new_wide_call(state);
}

static void wide_listeners_hear_wide_voices_beyond_4_khz(void **state)
{
	const double hz = 5712.5;

	(void)state;
	use_codec(CUSTOMER, CODEC_PCMA);
	join(MODE_BARGE, THREE);
	for (unsigned frame = 0; frame < SETTLED + MEASURED; frame++) {
		if (frame == SETTLED)
			forget();
		speak_tone(MONITOR, hz, AMPLITUDE);
		speak_tone(AGENT, tones[AGENT], AMPLITUDE);
		speak_tone(CUSTOMER, tones[CUSTOMER], AMPLITUDE);
		gather();
		now_us += FRAME_US;
	}
	assert_true(fabs(gain_at(AGENT, hz) - 1) < 0.05);
	/* A narrow listener hears neither it nor what would be its mirror image. */
	assert_true(gain_at(CUSTOMER, 8000 - hz) < 0.003);
	assert_hears(CUSTOMER, 1u << AGENT, "customer");
	/* And a narrow voice has no image above 4 kHz. */
	assert_true(gain_at(AGENT, 8000 - tones[CUSTOMER]) < 0.003);
}

/* --- streams and clicks --------------------------------------------------------------------- */

/* The greatest sample of what is left of a party's sound without all that is below some 2 kHz, the
 * tones: the sixth difference, which passes 8 kHz whole, 4 kHz at an eighth, and of the tones next
 * to nothing. A step of n leaves n / 6. */
static double roughness(enum party party, unsigned from, unsigned to)
{
	double most = 0;

	for (unsigned i = from; i + 6 < to; i++) {
		const int16_t *s = &ears[party].pcm[i];
		double left = s[0] - 6.0 * s[1] + 15.0 * s[2] - 20.0 * s[3] + 15.0 * s[4] -
			      6.0 * s[5] + s[6];

		most = fabs(left) > most ? fabs(left) : most;
	}
	return most / 64;
}

static void a_switch_in_wideband_is_no_click(void **state)
{
	static const enum mode sequence[] = { MODE_NONE, MODE_LISTEN, MODE_WHISPER, MODE_BARGE,
		MODE_WHISPER, MODE_LISTEN, MODE_BARGE, MODE_NONE, MODE_BARGE, MODE_NONE };
	const unsigned frames = 17;

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(sequence); i++) {
		unsigned parties = sequence[i] == MODE_NONE ? TWO : THREE;

		join(sequence[i], parties);
		speak(parties, frames);
		for (unsigned p = AGENT; i > 0 && p <= CUSTOMER; p++) {
			unsigned end = ears[p].samples, frame = FRAME * CODEC_WIDE;
			double rough = roughness(p, end - (frames + 1) * frame, end);

			/* A hundredth of a voice; a coder of its own that just set in, or packets
			 * of another one from one to the next, would be five voices. */
			if (rough > AMPLITUDE / 100)
				fail_msg("switch %u: party %u hears a click of %.0f", i, p, rough);
		}
	}
}

/* Lost and late packets of a voice that is decoded: no bang, and all is as before soon after. */
static void loss_and_order_do_no_harm_to_what_is_decoded(void **state)
{
	(void)state;
	join(MODE_BARGE, THREE);
	speak(THREE, SETTLED);
	for (unsigned n = 0; n < 200; n++) {
		static const uint8_t late[FRAME];
		enum party who = (enum party)(n % SPEAKERS);
		struct rte_mbuf *mbuf;

		forget();
		if (n % 7 == 0)
			lose(who, 1 + n % 3);
		mbuf = n % 11 == 0 ? build(who, late, FRAME) : NULL;
		speak(THREE, 1);
		if (mbuf != NULL)
			inject(mbuf);
		gather();
		for (unsigned p = 0; p < SPEAKERS; p++)
			for (unsigned i = 0; i < ears[p].samples; i++)
				assert_in_range(abs(ears[p].pcm[i]), 0, 3 * AMPLITUDE);
	}
	assert_int_equal(counted(COUNTER_decode_late), 200 / 11 + 1);
	speak(THREE, SETTLED);
	forget();
	speak(THREE, MEASURED);
	assert_hears(AGENT, 1u << CUSTOMER | 1u << MONITOR, "after losses");
	assert_hears(CUSTOMER, 1u << AGENT | 1u << MONITOR, "after losses");
	assert_hears(MONITOR, TWO, "after losses");
}

/* Of a second copy the listener's decoder would know nothing. */
static void what_is_encoded_here_goes_out_once(void **state)
{
	static const uint8_t voice[FRAME] = { 0x42 };
	struct rte_mbuf *once, *again;

	(void)state;
	use_codec(AGENT, CODEC_PCMU);
	join(MODE_NONE, TWO);
	speak(TWO, SETTLED);
	for (unsigned n = 0; n < 20; n++) {
		once = build(AGENT, voice, FRAME);
		again = rte_pktmbuf_copy(once, pool, 0, UINT32_MAX);
		again->port = once->port;
		inject(once);
		hear(CUSTOMER);
		inject(again);
		hears_nothing(CUSTOMER);
		now_us += FRAME_US;
	}
	assert_int_equal(counted(COUNTER_tx_late), 20);
}

static void a_sender_that_restarts_is_decoded_anew(void **state)
{
	(void)state;
	join(MODE_BARGE, THREE | RECORDED);
	speak(THREE, SETTLED);
	for (unsigned p = 0; p < SPEAKERS; p++)
		new_stream(p, 0x900 + p);
	speak(THREE, SETTLED);
	forget();
	speak(THREE, MEASURED);
	assert_hears(AGENT, 1u << CUSTOMER | 1u << MONITOR, "restarted");
	assert_hears(MONITOR, TWO, "restarted");
	assert_hears(REC_AGENT, 1u << AGENT, "restarted");
}

/* The agent's phone is re-signalled to every other codec, in a call that is barged into. */
static void a_leg_changes_its_codec_in_mid_call(void **state)
{
	(void)state;
	join(MODE_BARGE, THREE | RECORDED);
	for (unsigned n = 0; n < 6; n++) {
		use_codec(AGENT, codecs[n % COUNT_OF(codecs)]);
		join(MODE_BARGE, THREE | RECORDED);
		new_stream(AGENT, 0x700 + n);
		speak(THREE, SETTLED);
		forget();
		speak(THREE, MEASURED);
		assert_hears(AGENT, 1u << CUSTOMER | 1u << MONITOR, "agent");
		assert_hears(CUSTOMER, 1u << AGENT | 1u << MONITOR, "customer");
		assert_hears(REC_AGENT, 1u << AGENT, "recorder");
	}
}

/* The new agent's phone has no G.722: what the customer's decoder has come to is not known. */
static void a_transfer_to_another_codec_is_no_bang(void **state)
{
	(void)state;
	put_call(TWO);
	speak(TWO, SETTLED);
	plans[AGENT].id = 555;
	use_codec(AGENT, CODEC_PCMU);
	new_stream(AGENT, 0x777);
	put_call(TWO);
	forget();
	speak(TWO, SETTLED);
	for (unsigned i = 0; i < ears[CUSTOMER].samples; i++)
		assert_in_range(abs(ears[CUSTOMER].pcm[i]), 0, AMPLITUDE * 11 / 10);
	assert_true(roughness(CUSTOMER, 0, ears[CUSTOMER].samples) < AMPLITUDE / 100.0);
	forget();
	speak(TWO, MEASURED);
	assert_hears(CUSTOMER, 1u << AGENT, "after the transfer");
	assert_hears(AGENT, 1u << CUSTOMER, "after the transfer");
}

/* While the customer is on hold the agent's stream runs by the monitor's clock. */
static void a_whisper_goes_on_in_wideband_while_the_customer_is_silent(void **state)
{
	(void)state;
	join(MODE_WHISPER, THREE);
	speak(THREE, SETTLED);
	speak(1u << AGENT | 1u << MONITOR, SETTLED);
	forget();
	speak(1u << AGENT | 1u << MONITOR, MEASURED);
	assert_hears(AGENT, 1u << MONITOR, "on hold");
	lose(CUSTOMER, 50);
	speak(THREE, SETTLED);
	forget();
	speak(THREE, MEASURED);
	assert_hears(AGENT, 1u << CUSTOMER | 1u << MONITOR, "back from hold");
}

/* Two voices translated for the recorder, four buffers each; all G.711 takes none of them. */
static void only_voices_that_are_decoded_take_buffers(void **state)
{
	(void)state;
	assert_int_equal(call_rings(plans, 2), 0);
	assert_int_equal(call_rings(plans, OTHER_AGENT), 8 + 0);
	plans[MONITOR].mode = MODE_BARGE;
	assert_int_equal(call_rings(plans, OTHER_AGENT), 12);
	for (unsigned p = 0; p < SPEAKERS; p++)
		use_codec(p, CODEC_PCMU);
	assert_int_equal(call_rings(plans, OTHER_AGENT), 2);
	use_codec(AGENT, CODEC_G722); /* the narrow customer is interpolated for the agent */
	assert_int_equal(call_rings(plans, 2), 4 + 1);
}

/* --- random lives --------------------------------------------------------------------------- */

static int loudest(enum party party)
{
	int most = 0;

	for (unsigned i = 0; i < ears[party].samples; i++)
		most = abs(ears[party].pcm[i]) > most ? abs(ears[party].pcm[i]) : most;
	return most;
}

/* A key, or silence that is told of in place of a frame, for whoever has negotiated it. */
static void speak_no_voice(enum party party)
{
	static const uint8_t key[] = { 5, 10, FRAME >> 8, FRAME & 255 }, hush[] = { 70 };

	if (plans[party].telephone_event != 0 && random() % 2)
		say_unvoiced(party, plans[party].telephone_event, key, sizeof(key));
	else if (plans[party].comfort_noise)
		say_unvoiced(party, COMFORT_NOISE_PAYLOAD_TYPE, hush, sizeof(hush));
	pass(party, FRAME);
}

/* Agent and customer say nothing, and the monitor shouts, through any order of joins, switches,
 * leaves, changes of codec, losses, restarts, keys and comfort noise: whoever must not hear it
 * hears nothing. */
static void no_sequence_of_events_lets_a_monitor_be_heard_where_it_must_not(void **state)
{
	const int shout = 12000, nothing = 150;
	unsigned parties = TWO | RECORDED, since[PARTY_COUNT] = { 0 };

	(void)state;
	srandom(722);
	put_call(parties);
	for (unsigned step = 0; step < 6000; step++) {
		unsigned heard = 0;

		switch (random() % 14) {
		case 0:
		case 1:
			parties |= 1u << MONITOR;
			plans[MONITOR].mode = (enum mode)(random() % (MODE_COUNT + 1));
			put_call(parties);
			break;
		case 2:
			parties &= ~(1u << MONITOR);
			put_call(parties);
			break;
		case 3:
			use_codec((enum party)(random() % PARTY_COUNT), codecs[random() % 3]);
			memset(since, 0, sizeof(since));
			put_call(parties);
			break;
		case 4:
			new_stream((enum party)(random() % SPEAKERS), (uint32_t)random());
			memset(since, 0, sizeof(since));
			break;
		case 5:
			lose((enum party)(random() % SPEAKERS), 1 + (unsigned)random() % 3);
			break;
		case 6:
			for (unsigned p = 0; p < SPEAKERS; p++) {
				plans[p].telephone_event = random() % 2 ? 101 : 0;
				plans[p].comfort_noise = random() % 2;
			}
			put_call(parties);
			break;
		case 7:
			speak_no_voice((enum party)(random() % SPEAKERS));
			break;
		default:
			break;
		}
		forget();
		for (unsigned p = 0; p < SPEAKERS; p++)
			if (parties >> p & 1 && random() % 40 > 0)
				speak_tone(p, tones[p], p == MONITOR ? shout : 0);
		gather();
		now_us += FRAME_US;

		if (parties >> MONITOR & 1 && plans[MONITOR].mode == MODE_BARGE)
			heard = TWO;
		if (parties >> MONITOR & 1 && plans[MONITOR].mode == MODE_WHISPER)
			heard = 1u << AGENT;
		for (unsigned p = 0; p < PARTY_COUNT; p++) {
			since[p] = heard >> p & 1 ? 0 : since[p] + 1; /* never of recorders */
			if (p == MONITOR)
				continue;
			/* A decoder that was loud, or whose encoder is another one from now on,
			 * takes a moment to come to rest. */
			if (since[p] > 15 && loudest(p) > nothing)
				fail_msg("step %u: party %u hears %d", step, p, loudest(p));
			if (loudest(p) > 2 * shout)
				fail_msg("step %u: party %u hears a bang of %d", step, p,
					loudest(p));
		}
	}
	assert_int_equal(counted(COUNTER_guard_dropped), 0);
	assert_true(counted(COUNTER_mixed) > 1000);
}

int main(void)
{
#define WIDE_TEST(name) cmocka_unit_test_setup_teardown(name, new_wide_call, end_call)
	const struct CMUnitTest tests[] = {
		WIDE_TEST(wideband_is_forwarded_bit_for_bit),
		WIDE_TEST(a_listening_monitor_leaves_no_trace_in_wideband),
		WIDE_TEST(a_silent_monitor_leaves_wideband_untouched),
		WIDE_TEST(packets_go_on_untouched_in_a_quiet_moment),
		WIDE_TEST(all_codecs_in_all_modes_give_the_matrix),
		WIDE_TEST(packets_of_any_length_are_mixed_in_wideband),
		WIDE_TEST(wide_listeners_hear_wide_voices_beyond_4_khz),
		WIDE_TEST(a_switch_in_wideband_is_no_click),
		WIDE_TEST(loss_and_order_do_no_harm_to_what_is_decoded),
		WIDE_TEST(what_is_encoded_here_goes_out_once),
		WIDE_TEST(a_sender_that_restarts_is_decoded_anew),
		WIDE_TEST(a_leg_changes_its_codec_in_mid_call),
		WIDE_TEST(a_transfer_to_another_codec_is_no_bang),
		WIDE_TEST(a_whisper_goes_on_in_wideband_while_the_customer_is_silent),
		WIDE_TEST(only_voices_that_are_decoded_take_buffers),
		WIDE_TEST(no_sequence_of_events_lets_a_monitor_be_heard_where_it_must_not),
	};

	return cmocka_run_group_tests_name("wide", tests, start_eal, stop_eal);
}
