/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* The bytes of a client's connection, in pieces, to the real session and services. The input begins
 * with how it is cut up; what every client begins with is put in front of it where it says so. */
#include "office.h"

static const uint8_t preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
				 "\0\0\6\4\0\0\0\0\0\0\4\x7f\xff\xff\xff" /* SETTINGS */
				 "\0\0\4\x8\0\0\0\0\0\x7f\xfe\0\0";	  /* WINDOW_UPDATE */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	uint8_t how = take_u8(&in), piece = take_u8(&in);
	bool alive = true;

	office_open(true);
	office_connect(how >> 1 & 3);
	if (how & 1)
		alive = office_receive(preface, sizeof(preface) - 1);
	while (alive && in.left > 0) {
		struct bytes next = take_span(&in, piece != 0 ? piece : SIZE_MAX);

		alive = office_receive(next.at, next.left);
		if (how >> 3 != 0)
			office_step(how >> 3);
	}
	office_step(5000);
	office_close();
	return 0;
}
