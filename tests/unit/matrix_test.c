/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <stdbool.h>

#include "media/matrix.h"

/* Written out from the product's rules M7, M14, M23 and M28, not from the code: in each string
 * the columns are the sources none, agent, customer, monitor, recorder; 1 is heard. */
static const char *const expected[MODE_COUNT][ROLE_COUNT] = {
	[MODE_NONE] = {
		[ROLE_NONE] = "00000",
		[ROLE_AGENT] = "00100",
		[ROLE_CUSTOMER] = "01000",
		[ROLE_MONITOR] = "00000",
		[ROLE_RECORDER] = "01100",
	},
	[MODE_LISTEN] = {
		[ROLE_NONE] = "00000",
		[ROLE_AGENT] = "00100",
		[ROLE_CUSTOMER] = "01000",
		[ROLE_MONITOR] = "01100",
		[ROLE_RECORDER] = "01100",
	},
	[MODE_WHISPER] = {
		[ROLE_NONE] = "00000",
		[ROLE_AGENT] = "00110",
		[ROLE_CUSTOMER] = "01000",
		[ROLE_MONITOR] = "01100",
		[ROLE_RECORDER] = "01100",
	},
	[MODE_BARGE] = {
		[ROLE_NONE] = "00000",
		[ROLE_AGENT] = "00110",
		[ROLE_CUSTOMER] = "01010",
		[ROLE_MONITOR] = "01100",
		[ROLE_RECORDER] = "01100",
	},
};

static void every_listener_hears_exactly_whom_it_should(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < MODE_COUNT; mode++)
		for (unsigned listener = 0; listener < ROLE_COUNT; listener++)
			for (unsigned source = 0; source < ROLE_COUNT; source++) {
				bool heard = expected[mode][listener][source] == '1';
				uint16_t gain = matrix_gain(listener, source, mode);

				if (gain != (heard ? GAIN_UNITY : 0))
					fail_msg("mode %u, listener %u, source %u: gain %u", mode,
						listener, source, gain);
			}
}

/* All 2^24 triples of bytes, and values far outside. */
static void whatever_is_unknown_is_heard_by_nobody(void **state)
{
	static const unsigned far[] = { 256, 1u << 16, 1u << 31, ~0u };

	(void)state;
	for (unsigned listener = 0; listener < 256; listener++)
		for (unsigned source = 0; source < 256; source++) {
			bool named = listener < ROLE_COUNT && source < ROLE_COUNT;

			for (unsigned mode = named ? MODE_COUNT : 0; mode < 256; mode++) {
				uint16_t gain = matrix_gain(listener, source, mode);

				/* With no valid mode the two parties and the recorder go on. */
				if (named && expected[MODE_NONE][listener][source] == '1')
					assert_int_equal(gain, GAIN_UNITY);
				else
					assert_int_equal(gain, 0);
			}
		}
	for (size_t i = 0; i < COUNT_OF(far); i++)
		for (unsigned known = 0; known < ROLE_COUNT; known++) {
			assert_int_equal(matrix_gain(far[i], known, MODE_BARGE), 0);
			assert_int_equal(matrix_gain(known, far[i], MODE_BARGE), 0);
			assert_int_equal(matrix_gain(known, ROLE_MONITOR, far[i]), 0);
		}
}

static void the_recorder_never_hears_a_monitor_in_any_mode(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < 65536; mode++)
		assert_int_equal(matrix_gain(ROLE_RECORDER, ROLE_MONITOR, mode), 0);
}

static void nobody_hears_themselves(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < 256; mode++)
		for (unsigned role = 0; role < 256; role++)
			assert_int_equal(matrix_gain(role, role, mode), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_listener_hears_exactly_whom_it_should),
		cmocka_unit_test(whatever_is_unknown_is_heard_by_nobody),
		cmocka_unit_test(the_recorder_never_hears_a_monitor_in_any_mode),
		cmocka_unit_test(nobody_hears_themselves),
	};

	return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
