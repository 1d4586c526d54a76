/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shuffles behind ip4.h, made by the preprocessor: part by part hundreds, tens, ones, nothing.
 */
#include "dataplane/sip/ip4.h"

/* The lane of a part of n digits that starts at byte s. */
#define LANE(s, n) (n) > 2 ? (s) : 0x80, (n) > 1 ? (s) + (n)-2 : 0x80, (s) + (n)-1, 0x80
#define LINE(a, b, c, d)                                                                           \
	{                                                                                          \
		LANE(0, a), LANE((a) + 1, b), LANE((a) + (b) + 2, c), LANE((a) + (b) + (c) + 3, d) \
	}
#define LINES_D(a, b, c) LINE(a, b, c, 1), LINE(a, b, c, 2), LINE(a, b, c, 3)
#define LINES_C(a, b) LINES_D(a, b, 1), LINES_D(a, b, 2), LINES_D(a, b, 3)
#define LINES_B(a) LINES_C(a, 1), LINES_C(a, 2), LINES_C(a, 3)

const uint8_t ip4_lines[81][16] = { LINES_B(1), LINES_B(2), LINES_B(3) };

#define SHAPE(a, b, c, d) \
	[IP4_PLACE(IP4_SHAPE(a, b, c, d))] = IP4_SHAPE(a, b, c, d) | IP4_LINE(a, b, c, d) << 16
#define SHAPES_D(a, b, c) SHAPE(a, b, c, 1), SHAPE(a, b, c, 2), SHAPE(a, b, c, 3)
#define SHAPES_C(a, b) SHAPES_D(a, b, 1), SHAPES_D(a, b, 2), SHAPES_D(a, b, 3)
#define SHAPES_B(a) SHAPES_C(a, 1), SHAPES_C(a, 2), SHAPES_C(a, 3)

const uint32_t ip4_shapes[256] = { SHAPES_B(1), SHAPES_B(2), SHAPES_B(3) };
