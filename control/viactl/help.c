/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Help. Everything about commands comes from the table; the rest is what somebody needs who has
 * never operated this proxy before.
 */
#include "control/viactl/help.h"

#include "control/config/config.h"
#include "control/viactl/args.h"
#include "control/viactl/screen.h"

#include <string.h>

static const char usage[] = "usage: viactl [OPTION]... COMMAND [VALUE]...\n";

static const char options[] = "  --socket PATH   control socket; else $VIACTL_SOCKET,\n"
			      "                  else " CONFIG_SOCKET_PATH "\n"
			      "  --json          print the result as JSON, for scripts\n"
			      "  --color WHEN    auto (on a terminal), always, never\n"
			      "  --help          help on all or, behind a command, on that one\n"
			      "  --version       the version of viactl\n";

static const char drain[] =
	"  viactl pools                                       names, and who is up\n"
	"  viactl backend set core core1 state=drain --wait   no new calls; ends when silent\n"
	"  ... work on the server ...\n"
	"  viactl backend set core core1 state=file           back to what the file says\n"
	"\n"
	"A draining server still gets all that belongs to calls it has. state=down sends it\n"
	"nothing at all. Both are kept over a reload, until the node restarts. With --wait,\n"
	"viactl ends when the server got no message for 5 s; with --timeout N it gives up\n"
	"after N seconds.\n";

static const char status[] = "  0  obeyed\n"
			     "  1  refused by the proxy; the reason is on standard error\n"
			     "  2  wrong usage\n"
			     "  3  no connection to the proxy\n";

static void head(FILE *to, const char *text)
{
	screen_print(to, COLOR_HEAD, "\n%s\n", text);
}

void help_overview(FILE *to)
{
	struct sheet s = { 0 };
	const struct command *c;

	fprintf(to, "%s\nviactl operates a running viaduct over its control socket.\n", usage);
	head(to, "Options:");
	fputs(options, to);
	head(to, "Commands:");
	sheet_column(&s, "command", false);
	sheet_column(&s, "what it does", false);
	for (size_t i = 0; (c = command_at(i)); i++) {
		sheet_cell(&s, COLOR_KEY, "%s", c->words);
		sheet_cell(&s, COLOR_NONE, "%s", c->help);
	}
	sheet_print_rows(&s, to, 2);
	sheet_free(&s);
	fputs("\n\"viactl help COMMAND\" explains one, with an example.\n", to);
	head(to, "To take a server out of service:");
	fputs(drain, to);
	head(to, "Exit status:");
	fputs(status, to);
}

void help_usage(const struct command *c, FILE *to)
{
	char text[512];

	fprintf(to, "usage: viactl %s\n", command_usage(c, text, sizeof(text)));
}

void help_command(const struct command *c, FILE *to)
{
	struct sheet s = { 0 };

	help_usage(c, to);
	fprintf(to, "\n%s\n", c->help);
	sheet_column(&s, "value", false);
	sheet_column(&s, "meaning", false);
	for (const struct command_param *p = c->params; p->name; p++) {
		char text[128];

		if (p->form == PARAM_WIRE)
			continue;
		sheet_cell(&s, COLOR_KEY, "%s", param_usage(p, text, sizeof(text)));
		sheet_cell(&s, COLOR_NONE, "%s", p->help);
	}
	if (s.n_cells > s.n_columns)
		fputc('\n', to);
	sheet_print_rows(&s, to, 2);
	sheet_free(&s);
	fprintf(to, "\nexample:  %s\n", c->example);
	if (c->method && strcmp(c->method, "backend.set") == 0) {
		head(to, "To take a server out of service:");
		fputs(drain, to);
	}
	if (c->method)
		fprintf(to, "\nJSON-RPC: %s%s\n", c->method,
			c->kind == COMMAND_CHANGES ? "; who calls it is logged" : "");
}

bool help_about(const char *words, FILE *to)
{
	char copy[128], *list[2] = { copy, NULL }, *space;
	const struct command *c;
	int used;

	if (!words) {
		help_overview(to);
		return true;
	}
	snprintf(copy, sizeof(copy), "%s", words);
	space = strchr(copy, ' ');
	if (space) {
		*space = '\0';
		list[1] = space + 1;
	}
	c = args_command(list, space ? 2 : 1, &used);
	if (c)
		help_command(c, to);
	return c != NULL;
}
