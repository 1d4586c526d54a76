/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Edits as nearly all messages get them: a few near the front, short texts, room before the
 * message. For CPUs without AVX-512; the steps are in edit_body.h.
 */
#include "dataplane/sip/edit_head.h"

#include <emmintrin.h>

#define CHUNK EDIT_SLACK
#define STRETCH 1
#define EDIT_HEAD_NAME edit_head_any

/* Copies CHUNK bytes. */
static inline void copy_chunk(uint8_t *to, const uint8_t *from)
{
	__m128i a = _mm_loadu_si128((const __m128i *)(const void *)from);
	__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(from + 16));
	__m128i c = _mm_loadu_si128((const __m128i *)(const void *)(from + 32));
	__m128i d = _mm_loadu_si128((const __m128i *)(const void *)(from + 48));

	_mm_storeu_si128((__m128i *)(void *)to, a);
	_mm_storeu_si128((__m128i *)(void *)(to + 16), b);
	_mm_storeu_si128((__m128i *)(void *)(to + 32), c);
	_mm_storeu_si128((__m128i *)(void *)(to + 48), d);
}

#include "dataplane/sip/edit_body.h"
