/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "grpc/status.h"

#include <ctype.h>

static const char *const names[] = { "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT",
	"DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
	"INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED" };

#define TIMEOUT_DIGITS_MAX 8

const char *grpc_status_name(unsigned status)
{
	return status < sizeof(names) / sizeof(names[0]) ? names[status] : "UNKNOWN";
}

void grpc_percent_encode(char *out, size_t size, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *text != '\0' && size > 3; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c <= 0x7e && c != '%') {
			*out++ = (char)c;
			size--;
		} else {
			*out++ = '%';
			*out++ = hex[c >> 4];
			*out++ = hex[c & 15];
			size -= 3;
		}
	}
	*out = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void grpc_percent_decode(char *out, size_t size, const char *text, size_t length)
{
	for (size_t i = 0; i < length && size > 1; i++, size--) {
		int high = i + 2 < length && text[i] == '%' ? hex_digit(text[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(text[i + 2]) : -1;

		if (low >= 0) {
			*out++ = (char)(high << 4 | low);
			i += 2;
		} else {
			*out++ = text[i];
		}
	}
	*out = '\0';
}

uint64_t grpc_parse_timeout(const char *text, size_t length)
{
	uint64_t value = 0;
	size_t digits = 0;

	while (digits < length && isdigit((unsigned char)text[digits]))
		value = value * 10 + (uint64_t)(text[digits++] - '0');
	if (digits == 0 || digits > TIMEOUT_DIGITS_MAX || digits + 1 != length)
		return UINT64_MAX;
	switch (text[digits]) {
	case 'H':
		return value * 3600000;
	case 'M':
		return value * 60000;
	case 'S':
		return value * 1000;
	case 'm':
		return value;
	case 'u':
		return (value + 999) / 1000;
	case 'n':
		return (value + 999999) / 1000000;
	default:
		return UINT64_MAX;
	}
}
