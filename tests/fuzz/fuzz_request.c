/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests through parser, rules and edits: from a stranger, and from a trusted peer in the test
 * bed of torture messages. Where the input has a "vt=" with 16 bytes behind it these become our
 * token for its call, which no fuzzer would guess, and the message runs once more.
 */
#include "dataplane/proxy/token.h"
#include "tests/fuzz/fuzz_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Signs all Route tokens of the message. False if there is none. */
static bool sign(const struct lab_world *w, uint8_t *p, size_t n)
{
	static struct sip_msg m;
	uint8_t token[TOKEN_LEN];
	uint8_t *at = p;
	bool any = false;

	sip_parse(p, n, SIP_EXACT, &m);
	token_make(&w->world.keys, &m, token);
	while ((at = memmem(at, (size_t)(p + n - at), "vt=", 3)) && p + n - at >= 3 + TOKEN_LEN) {
		memcpy(at + 3, token, TOKEN_LEN);
		at += 3 + TOKEN_LEN;
		any = true;
	}
	return any;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t copy[SIP_MAX_LEN];
	const struct lab_world *w = fixture_world(BED_MAIN);
	struct proxy_in stranger = { lab_endpoint("203.0.113.40:40000"), OUT4 };
	struct proxy_in peer = { lab_endpoint("[2001:db8:aa::7]:5060"), OUT6 };

	if (size > SIP_MAX_LEN)
		return 0;
	path_run(w, &stranger, data, size);
	path_run(fixture_world(BED_CORPUS), &peer, data, size);
	memcpy(copy, data, size);
	if (sign(w, copy, size))
		path_run(w, &stranger, copy, size);
	return 0;
}
