/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two loops over whole messages, in the widest registers that the CPU has. Chosen once, before
 * the first message. Private to bench/load/peer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct wide {
	const char *name;
	/**
	 * True if the @len bytes at @p, @len > 0, equal those at @want wherever a bit of @fixed is
	 * set (64 to a word), and where none is, are not below '*': no blank, no line end, no
	 * quote. Reads whole blocks of 64 bytes.
	 */
	bool (*match)(const uint64_t *fixed, const uint8_t *want, const uint8_t *p, uint32_t len);
	/** Copies @n bytes, rounded up to blocks of 64. */
	void (*copy)(uint8_t *to, const uint8_t *from, uint32_t n);
};

extern const struct wide *wide;

/** Takes the widest there is (NULL), or the one called "sse2", "avx2", "avx512". False, nothing
 * changed, if the CPU lacks it. */
bool wide_select(const char *name);
