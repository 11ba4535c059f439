/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/wire.h"

#include <stdlib.h>

WireCall *wire_call_copy(const WireCall *call)
{
	size_t size = bridgetap__dataplane__v1__call__get_packed_size(call);
	uint8_t *bytes = malloc(size ? size : 1);
	WireCall *copy = NULL;

	if (bytes != NULL) {
		bridgetap__dataplane__v1__call__pack(call, bytes);
		copy = bridgetap__dataplane__v1__call__unpack(NULL, size, bytes);
	}
	free(bytes);
	return copy;
}

void wire_call_free(WireCall *call)
{
	bridgetap__dataplane__v1__call__free_unpacked(call, NULL);
}
