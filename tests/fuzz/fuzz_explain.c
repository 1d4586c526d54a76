/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Explanations of any text, from a stranger, a trusted peer and a server: they say what the core
 * does, whatever was pasted.
 */
#include "tests/unit/explain_check.h"
#include "tests/unit/world_fixture.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(enum bed bed, const char *source, uint16_t listener, const uint8_t *p, size_t n)
{
	struct proxy_in at = { .src = lab_endpoint(source), .listener = listener };
	struct explain_fault fault = explain_check(fixture_world(bed), &at, p, n);

	if (!fault.text[0])
		return;
	fprintf(stderr, "broken: %s\n", fault.text);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > SIP_MAX_LEN)
		return 0;
	check(BED_MAIN, "203.0.113.40:40000", OUT4, data, size);
	check(BED_BREADTH, "198.51.100.9:5060", OUT4_NAME, data, size);
	check(BED_CORPUS, "10.0.0.11:5060", IN4, data, size);
	return 0;
}
