/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes the reference pages that are made from the tables in the source, so that they cannot say
 * anything else: configuration keys, counters, reasons, commands, metrics, alarms.
 *
 * gendoc DIR    writes DIR/docs/reference/X.md and DIR/docs/man/X; ./run lint compares them with
 * those in the tree
 */
#include "docs/gendoc.h"

#include "control/config/config.h"
#include "dataplane/sip/reason.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void config_page(FILE *to)
{
	fputs("# Configuration keys\n\n" GENERATED "One YAML file. A key marked *reload* takes "
	      "effect by SIGHUP; one marked *restart* does "
	      "not.\n\n",
	      to);
	config_print_keys(to);
}

static void counters_page(FILE *to)
{
	fputs("# Counters\n\n" GENERATED
	      "Each received frame ends in exactly one counter of class *out* or *drop*, or in one "
	      "[reason](reasons.md). *info* says more about frames that are counted elsewhere.\n\n"
	      "| counter | class | meaning |\n| --- | --- | --- |\n",
	      to);
#define COUNTER(id, class, help) fprintf(to, "| `%s` | %s | %s |\n", #id, #class, help);
#include "dataplane/counters.def"
#undef COUNTER
}

static void reasons_page(FILE *to)
{
	fputs("# Reasons\n\n" GENERATED
	      "Why a SIP message was not simply forwarded. A request gets the answer, if there is "
	      "one; an ACK, a CANCEL, a response, and a request whose top Via cannot carry an "
	      "answer "
	      "are dropped and counted under the same name.\n\n"
	      "| reason | answer | meaning |\n| --- | --- | --- |\n",
	      to);
	for (unsigned int i = SIP_OK + 1; i < SIP_N_REASONS; i++) {
		const struct sip_reason_info *r = sip_reason_info((enum sip_reason)i);

		if (r->status)
			fprintf(to, "| `%s` | %u %s | %s |\n", r->name, r->status, r->phrase,
				r->help);
		else
			fprintf(to, "| `%s` | none | %s |\n", r->name, r->help);
	}
}

static void doctor_page(FILE *to)
{
	fputs("# Checks of the doctor\n\n" GENERATED
	      "What `viaduct --doctor` and `viactl doctor` look at, and why it matters; how to "
	      "read them is in [NICs, and the doctor](../nics.md). A check that does not apply "
	      "says nothing.\n\n"
	      "| check | group | what | why |\n| --- | --- | --- | --- |\n",
	      to);
#define CHECK(id, group, title, help) \
	fprintf(to, "| `%s` | %s | %s | %s |\n", #id, #group, title, help);
#include "control/doctor/checks.def"
}

static const struct page {
	const char *path;
	void (*print)(FILE *to);
} pages[] = {
	{ "docs/man/viactl.1", viactl_manual },
	{ "docs/reference/alarms.md", alarms_page },
	{ "docs/reference/commands.md", commands_page },
	{ "docs/reference/config.md", config_page },
	{ "docs/reference/counters.md", counters_page },
	{ "docs/reference/doctor.md", doctor_page },
	{ "docs/reference/metrics.md", metrics_page },
	{ "docs/reference/reasons.md", reasons_page },
};

static int failed(const char *path)
{
	fprintf(stderr, "gendoc: %s: %s\n", path, strerror(errno));
	return -1;
}

static int make_folder(const char *in, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", in, name);
	return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : failed(path);
}

static int write_page(const char *in, const struct page *page)
{
	char path[4096];
	FILE *to;

	snprintf(path, sizeof(path), "%s/%s", in, page->path);
	to = fopen(path, "w");
	if (!to)
		return failed(path);
	page->print(to);
	return fclose(to) == 0 ? 0 : failed(path);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: gendoc DIR\n", stderr);
		return 2;
	}
	if (make_folder(argv[1], "docs") < 0 || make_folder(argv[1], "docs/reference") < 0 ||
	    make_folder(argv[1], "docs/man") < 0)
		return 1;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (write_page(argv[1], &pages[i]) < 0)
			return 1;
	}
	return 0;
}
