/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one way that torture messages are run (torture.h).
 */
#include "tests/unit/torture.h"

#include "tests/unit/slow_message.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct text torture_message;
struct run torture_result;
static struct text once;

/* What came of it, in the words of expect.tsv. */
static void outcome(char *out, size_t size)
{
	if (torture_result.out.verdict == PROXY_FORWARD)
		snprintf(out, size, "FWD");
	else if (torture_result.out.verdict == PROXY_ANSWER)
		snprintf(out, size, "REJ %u", torture_result.out.answer_status);
	else
		snprintf(out, size, "DROP");
}

void torture_run(const char *name, const char *source, char *got, size_t size)
{
	const struct lab_world *w = fixture_world(BED_CORPUS);
	const struct text *message = &torture_message;
	struct run *r = &torture_result;
	const char *fault = NULL;

	fixture_run(w, source, OUT4, message, r);
	once = r->sent;
	outcome(got, size);
	fixture_run(w, source, OUT4, message, r);
	cr_expect(once.n == r->sent.n && memcmp(once.b, r->sent.b, once.n) == 0,
		  "%s: not the same twice", name);
	if (r->out.verdict == PROXY_FORWARD)
		fault = slow_check_forward(&w->world, &r->in.src,
					   (struct piece){ message->b, message->n },
					   (struct piece){ r->sent.b, r->sent.n });
	else if (r->out.verdict == PROXY_ANSWER)
		fault = slow_check_answer((struct piece){ message->b, message->n },
					  (struct piece){ r->sent.b, r->sent.n });
	cr_expect(!fault, "%s: %s: %s", name, got, fault ? fault : "");
}

void torture_expect(const char *name, const char *want, const char *also, const char *got)
{
	bool ok = strcmp(got, want) == 0 || (also[0] && strcmp(got, also) == 0);

	cr_expect(ok, "%s: expected %s%s%s, got %s (%s)", name, want, also[0] ? " or " : "", also,
		  got,
		  torture_result.out.reason ? sip_reason_info(torture_result.out.reason)->name
					    : "ok");
}
