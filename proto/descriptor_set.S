/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors
 *
 * What protoc has made of the public .proto files, for descriptor.c. */
	.section .rodata
	.globl descriptor_set, descriptor_set_size
	.type descriptor_set, @object
	.type descriptor_set_size, @object
descriptor_set:
	.incbin "descriptor_set.pb"
1:
	.balign 8
descriptor_set_size:
	.quad 1b - descriptor_set
	.section .note.GNU-stack, "", @progbits
