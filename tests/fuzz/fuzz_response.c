/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Responses through parser, rules and edits. A branch in the top Via that has the length of ours is
 * made the one that we would have made for the Via below it, and a mark the one of listener 0,
 * which no fuzzer would guess: so what lies behind those checks is reached too.
 */
#include "dataplane/proxy/branch.h"
#include "dataplane/proxy/mark.h"
#include "tests/fuzz/fuzz_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes our branch and mark into the top Via, where there is room for them. */
static void sign(const struct lab_world *w, uint8_t *p, size_t n)
{
	static struct sip_msg m;
	uint8_t branch[BRANCH_LEN];

	sip_parse(p, n, SIP_EXACT, &m);
	if (m.request || m.reason != SIP_OK || m.via.branch.len != BRANCH_LEN)
		return;
	fixture_response_branch(w, &m, (char *)branch);
	memcpy(p + m.via.branch.off, branch, BRANCH_LEN);
	if (m.via.listener.len == MARK_LEN)
		mark_make(&w->world.keys, branch, w->world.listeners[OUT4].id,
			  p + m.via.listener.off);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t copy[SIP_MAX_LEN];
	const struct lab_world *w = fixture_world(BED_MAIN);
	struct proxy_in server = { .src = lab_endpoint("10.0.0.11:5060"), .listener = IN4 };

	if (size > SIP_MAX_LEN)
		return 0;
	path_run(w, &server, data, size);
	memcpy(copy, data, size);
	sign(w, copy, size);
	path_run(w, &server, copy, size);
	return 0;
}
