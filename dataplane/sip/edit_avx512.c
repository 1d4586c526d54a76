/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edit_head() for CPUs with AVX-512: one load and one store copy what takes four of each without.
 * So cheap that four chunks are copied where mostly one or two are needed: how many nobody can
 * predict.
 */
#include "dataplane/sip/edit_head.h"

#include <immintrin.h>

#define CHUNK EDIT_SLACK
#define STRETCH 4
#define EDIT_HEAD_NAME edit_head_avx512

static inline void copy_chunk(uint8_t *to, const uint8_t *from)
{
	_mm512_storeu_si512(to, _mm512_loadu_si512(from));
}

#include "dataplane/sip/edit_body.h"
