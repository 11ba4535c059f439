/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* What the data plane may say to the control plane: packets of any kind, in any order, as the link
 * reads them, calls that are taken over from it included. */
#include "office.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };

	office_open(false);
	while (in.left > 0) {
		uint8_t what = take_u8(&in);
		struct bytes packet;

		if (what % 8 == 0) {
			office_dataplane_reconnects();
		} else {
			packet = take_span(&in, take_u16(&in));
			office_dataplane_says(packet.at, packet.left);
		}
		office_step(what / 8 * 100u);
	}
	office_close();
	return 0;
}
