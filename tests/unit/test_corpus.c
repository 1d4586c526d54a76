/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Torture messages of RFC 4475 and RFC 5118 through parser, rules and edits, where VIADUCT_CORPUS
 * names a folder with them and their expect.tsv (test_messages.c has the project's own ones). See
 * torture.h for what is checked of each.
 */
#include "dataplane/proxy/branch.h"
#include "tests/unit/torture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static bool load(const char *root, const char *folder, const char *name, const char *ending)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s%s", root, folder, name, ending);
	f = fopen(path, "rb");
	if (!f)
		return false;
	torture_message.n = (uint32_t)fread(torture_message.b, 1, sizeof(torture_message.b), f);
	fclose(f);
	return true;
}

/* One column of a line of expect.tsv, and on to the next. */
static char *column(char **line)
{
	char *c = strsep(line, "\t\r\n");

	return c ? c : (char *)"";
}

/* The message as it is by UDP: for those of other transports the one with UDP in its top Via. */
static void load_row(const char *root, const char *corpus, const char *name, const char *transport)
{
	bool rfc5118 = strncmp(corpus, "rfc5118", 7) == 0;

	if (strcmp(transport, "UDP") != 0 &&
	    load(root, "rfc4475-variants/udp-top-via", name, ".dat"))
		return;
	cr_assert(load(root, corpus, name, rfc5118 ? "" : ".dat"), "%s/%s is missing", corpus,
		  name);
}

/* Where special ones must go. */
static void check_destination(const char *name)
{
	static const char *const special[][2] = {
		{ "wsinv", "203.0.113.91:5060" },
		{ "mpart01", "127.0.0.1:5080" },
	};
	struct endpoint dst;

	if (torture_result.out.verdict != PROXY_FORWARD)
		return;
	for (size_t i = 0; i < 2; i++) {
		if (strcmp(special[i][0], name) != 0)
			continue;
		dst = lab_endpoint(special[i][1]);
		cr_expect(endpoint_equal(&dst, &torture_result.out.dst),
			  "%s: goes to the wrong place", name);
		return;
	}
	if (torture_result.m.uri.host.kind != HOST_IP)
		cr_expect_eq(torture_result.out.target, TARGET_POOL, "%s: does not go to the pool",
			     name);
}

Test(corpus, messages_of_rfc_4475_and_rfc_5118_get_their_verdicts)
{
	const char *root = getenv("VIADUCT_CORPUS");
	char path[4096], line[512], got[16];
	unsigned int n = 0;
	FILE *table;

	if (!root)
		return;
	snprintf(path, sizeof(path), "%s/expect.tsv", root);
	table = fopen(path, "r");
	cr_assert(table, "cannot read %s", path);
	while (fgets(line, sizeof(line), table)) {
		char *at = line, *corpus = column(&at), *name = column(&at), *transport, *want,
		     *also;

		column(&at);
		transport = column(&at);
		want = column(&at);
		also = column(&at);
		if (strcmp(corpus, "corpus") == 0)
			continue;
		load_row(root, corpus, name, transport);
		torture_run(name, TORTURE_SOURCE, got, sizeof(got));
		/* "FWD*" is forwarding what was repaired; nothing is repaired here. */
		torture_expect(name, want, strcmp(also, "FWD*") == 0 ? "" : also, got);
		check_destination(name);
		n++;
	}
	fclose(table);
	cr_expect(n == 61, "%u messages in place of 61", n);
}

static const struct {
	const char *name, *want, *also;
} variants[] = {
	{ "baddn.with-blank-line.dat", "REJ 400", "" },
	{ "badbranch.no-branch.dat", "FWD", "" },
	{ "badbranch.empty-value.dat", "REJ 400", "FWD" },
	{ "badbranch.upper-cookie.dat", "FWD", "" },
	{ "scalar02.only-max-forwards-300.dat", "FWD", "REJ 400" },
	{ "scalar02.only-expires.dat", "FWD", "" },
	{ "scalar02.only-cseq-2e31.dat", "FWD", "" },
	{ "scalar02.only-cseq-2e32-1.dat", "FWD", "" },
	{ "scalar02.only-cseq-2e32.dat", "REJ 400", "" },
	{ "scalar02.only-cseq-2e65.dat", "REJ 400", "" },
	{ "mcl01.same-value-twice.dat", "REJ 400", "FWD" },
	{ "unreferenced-test.dat", "DROP", "" },
	{ "unreason.with-lb-via.tmpl", "FWD", "" },
	{ "noreason.with-lb-via.tmpl", "FWD", "" },
	{ "scalarlg.with-lb-via.tmpl", "DROP", "" },
	{ "bigcode.with-lb-via.tmpl", "DROP", "" },
	/* Its next Via is 192.0.2.198; the broadcast address stands below that, see the test after
	   this one. */
	{ "bcast.with-lb-via.tmpl", "FWD", "" },
};

static void replace(const char *find, const char *put)
{
	static struct text a, b;

	a.n = (uint32_t)strlen(find);
	memcpy(a.b, find, a.n);
	b.n = (uint32_t)strlen(put);
	memcpy(b.b, put, b.n);
	text_replace(&torture_message, &a, &b);
}

/* A response template becomes a response to a request that we forwarded. */
static void fill_template(void)
{
	static struct sip_msg m;
	char branch[BRANCH_LEN + 1] = "z9hG4bK00000000000000000000000000000000",
				 made[BRANCH_LEN + 1] = "";

	replace("@LB_IP@", "203.0.113.1");
	replace("@LB_PORT@", "5060");
	replace("branch=z9hG4bK@LB_BRANCH@", "branch=@LB_BRANCH@");
	replace("@LB_BRANCH@", branch);
	sip_parse(torture_message.b, torture_message.n, SIP_EXACT, &m);
	fixture_response_branch(fixture_world(BED_CORPUS), &m, made);
	replace(branch, made);
}

Test(corpus, variants_of_rfc_4475_messages_get_their_verdicts)
{
	const char *root = getenv("VIADUCT_CORPUS");
	char got[16];

	for (size_t i = 0; root && i < sizeof(variants) / sizeof(variants[0]); i++) {
		cr_assert(load(root, "rfc4475-variants", variants[i].name, ""), "%s is missing",
			  variants[i].name);
		if (strstr(variants[i].name, ".tmpl"))
			fill_template();
		torture_run(variants[i].name, TORTURE_SOURCE, got, sizeof(got));
		torture_expect(variants[i].name, variants[i].want, variants[i].also, got);
	}
}

/* RFC 4475 3.3.10 with nothing between our Via and the one with the broadcast address. */
Test(corpus, a_response_is_never_sent_to_broadcast)
{
	const char *root = getenv("VIADUCT_CORPUS");
	char got[16];

	if (!root)
		return;
	cr_assert(load(root, "rfc4475-variants", "bcast.with-lb-via.tmpl", ""));
	replace("Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\r\n", "");
	fill_template();
	torture_run("bcast", TORTURE_SOURCE, got, sizeof(got));
	torture_expect("bcast", "DROP", "", got);
	cr_expect_eq(torture_result.out.reason, SIP_R_BAD_NEXT_VIA);
}

/* RFC 3261 18.2.2: without rport an answer goes to the port of sent-by. */
Test(corpus, answers_to_torture_messages_go_to_the_port_of_sent_by)
{
	const char *root = getenv("VIADUCT_CORPUS");
	char got[16];

	if (!root)
		return;
	cr_assert(load(root, "rfc4475", "quotbal", ".dat"));
	torture_run("quotbal", "203.0.113.40:41000", got, sizeof(got));
	cr_expect_eq(torture_result.out.verdict, PROXY_ANSWER);
	cr_expect_eq(torture_result.out.dst.port, 5050);
}
