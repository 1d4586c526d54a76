/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An explanation against the core: the same message through both must come to the same end. For
 * unit tests and the fuzzer.
 */
#pragma once

#include "bench/lab.h"
#include "control/explain/explain.h"
#include "control/explain/explain_parts.h"

#include <stdio.h>

/* What went wrong; "" = nothing. */
struct explain_fault {
	char text[512];
};

/** Explains the @n bytes at @p as if they came as @at says. New reference; NULL = no memory. */
json_t *explain_bytes_at(const struct lab_world *w, const struct proxy_in *at, const uint8_t *p,
			 size_t n);

/** Checks that @e, the explanation of the @n bytes at @p, says what the core does with them. */
struct explain_fault explain_against_core(const struct lab_world *w, const struct proxy_in *at,
					  const uint8_t *p, size_t n, const json_t *e);

/**
 * Explains the @n bytes at @p and checks that; where pasted text was repaired, against what the
 * core does with the repaired message, if that is text.
 */
struct explain_fault explain_check(const struct lab_world *w, const struct proxy_in *at,
				   const uint8_t *p, size_t n);
