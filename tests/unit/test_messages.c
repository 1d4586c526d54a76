/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The project's own torture messages (tests/data/messages.tsv): each case of RFC 4475 and RFC 5118
 * and more, with the verdict that a stateless proxy owes them, through parser, rules and edits.
 */
#include "tests/unit/sip_data.h"
#include "tests/unit/torture.h"

#include <criterion/criterion.h>

Test(messages, of_our_own_get_their_verdicts)
{
	FILE *table = data_open("messages.tsv");
	struct data_row row;
	unsigned int n = 0;
	char got[16];

	for (; data_next(table, &row); n++) {
		torture_message.n =
			(uint32_t)data_message(&row, torture_message.b, sizeof(torture_message.b));
		torture_run(row.name, TORTURE_SOURCE, got, sizeof(got));
		torture_expect(row.name, row.verdict, "", got);
	}
	fclose(table);
	cr_expect(n >= 40, "only %u messages", n);
}
