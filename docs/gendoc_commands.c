/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands of the control socket as a reference, and the manual of viactl: the table, with the
 * prose that does not depend on it.
 */
#include "control/config/config.h"
#include "control/rpc/commands.h"
#include "docs/gendoc.h"

#include <string.h>

/* A table's cell must not hold bare bars. */
static void cell(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			fputc('\\', to);
		fputc(*text, to);
	}
}

static void command_section(FILE *to, const struct command *c)
{
	char text[512];

	fprintf(to, "## %s\n\n%s\n\n", c->words, c->help);
	fprintf(to, "    viactl %s\n\n", command_usage(c, text, sizeof(text)));
	if (c->params->name)
		fputs("| value | in JSON | meaning |\n| --- | --- | --- |\n", to);
	for (const struct command_param *p = c->params; p->name; p++) {
		bool typed = p->form != PARAM_WIRE;

		fputs(typed ? "| `" : "| none", to);
		cell(to, typed ? param_usage(p, text, sizeof(text)) : "");
		fputs(typed ? "` | " : " | ", to);
		if (param_is_sent(p)) {
			fprintf(to, "`%s`: ", p->name);
			cell(to, param_type_text(p->type));
		} else {
			fputs("not sent", to);
		}
		fputs(" | ", to);
		cell(to, p->help);
		fputs(" |\n", to);
	}
	fprintf(to, "%sExample: `%s`\n\n", c->params->name ? "\n" : "", c->example);
	if (c->method)
		fprintf(to, "JSON-RPC method: `%s`%s.\n\n", c->method,
			c->kind == COMMAND_CHANGES ? "; it changes something, so who calls it is "
						     "logged"
						   : "");
}

void commands_page(FILE *to)
{
	const struct command *c;

	fputs("# Commands\n\n" GENERATED
	      "Commands of `viactl`, and of the control socket that it uses: JSON-RPC 2.0 over a "
	      "UNIX stream socket, one object or batch per line. Parameters are an object, or a "
	      "list in the order given here.\n\n"
	      "    echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}' |\n"
	      "        socat - UNIX-CONNECT:" CONFIG_SOCKET_PATH "\n\n"
	      "| code | meaning |\n| --- | --- |\n"
	      "| -32700 | the line is not JSON |\n"
	      "| -32600 | JSON, but no request |\n"
	      "| -32601 | no such method; the message names the nearest |\n"
	      "| -32602 | a parameter is missing, unknown or of the wrong type |\n"
	      "| -32603 | failure inside the proxy, such as no memory |\n"
	      "| -32001 | no such pool, backend or the like |\n"
	      "| -32002 | cannot be done now; nothing has changed |\n"
	      "| -32003 | a bound was reached, such as the number of clients |\n\n",
	      to);
	for (size_t i = 0; (c = command_at(i)); i++)
		command_section(to, c);
}

/* @text with what mdoc would take for its own escaped. */
static void mdoc_text(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", to);
		else if (*text == '-')
			fputs("\\-", to);
		else
			fputc(*text, to);
	}
}

static void mdoc_command(FILE *to, const struct command *c)
{
	char text[512];

	fputs(".It Cm \"", to);
	mdoc_text(to, command_usage(c, text, sizeof(text)));
	fputs("\"\n", to);
	mdoc_text(to, c->help);
	fputs(".\n", to);
	if (c->params->name)
		fputs(".Bl -tag -width indent -compact\n", to);
	for (const struct command_param *p = c->params; p->name; p++) {
		if (p->form == PARAM_WIRE)
			continue;
		fputs(".It \"", to);
		mdoc_text(to, param_usage(p, text, sizeof(text)));
		fputs("\"\n", to);
		mdoc_text(to, p->help);
		fputc('\n', to);
	}
	if (c->params->name)
		fputs(".El\n", to);
	fputs(".Pp\nExample:\n.Dl ", to);
	mdoc_text(to, c->example);
	fputc('\n', to);
}

static const char manual_head[] =
	".\\\" SPDX-License-Identifier: BSD-3-Clause\n"
	".\\\" Made by docs/gendoc.c from the tables in the source; do not edit.\n"
	".Dd January 1, 2026\n"
	".Dt VIACTL 1\n"
	".Os\n"
	".Sh NAME\n"
	".Nm viactl\n"
	".Nd operate a running viaduct\n"
	".Sh SYNOPSIS\n"
	".Nm\n"
	".Op Fl -socket Ar path\n"
	".Op Fl -json\n"
	".Op Fl -color Ar when\n"
	".Ar command\n"
	".Op Ar value ...\n"
	".Sh DESCRIPTION\n"
	".Nm\n"
	"asks\n"
	".Xr viaduct 8\n"
	"over its control socket, and prints the answer for people or, with\n"
	".Fl -json ,\n"
	"for scripts.\n"
	"What it changes is in force at once and kept over a reload of the file, until the node\n"
	"restarts; the file itself is never written.\n"
	".Bl -tag -width indent\n"
	".It Fl -socket Ar path\n"
	"The control socket.\n"
	".It Fl -json\n"
	"Print the result as JSON.\n"
	"If the proxy refuses, an object with\n"
	".Dq error\n"
	"is printed instead.\n"
	".It Fl -color Ar when\n"
	"Colours:\n"
	".Cm auto\n"
	"(on a terminal),\n"
	".Cm always ,\n"
	".Cm never .\n"
	".It Fl -help\n"
	"Help on all or, with a command, on that one.\n"
	".It Fl -version\n"
	"Print the version.\n"
	".El\n"
	".Sh COMMANDS\n"
	".Bl -tag -width indent\n";

static const char manual_tail[] =
	".El\n"
	".Sh DRAINING A SERVER\n"
	"To take a server out of service without losing a call:\n"
	".Bd -literal -offset indent\n"
	"viactl pools\n"
	"viactl backend set core core1 state=drain \\-\\-wait\n"
	".Ed\n"
	".Pp\n"
	"It gets no new calls any more, but all that belongs to those it has.\n"
	".Nm\n"
	"ends when no message has come for 5 s.\n"
	"Later, back to what the file says:\n"
	".Dl viactl backend set core core1 state=file\n"
	".Sh ENVIRONMENT\n"
	".Bl -tag -width indent\n"
	".It Ev VIACTL_SOCKET\n"
	"The control socket, unless\n"
	".Fl -socket\n"
	"names one.\n"
	".It Ev NO_COLOR\n"
	"No colours unless asked for.\n"
	".El\n"
	".Sh FILES\n"
	".Bl -tag -width indent\n"
	".It Pa " CONFIG_SOCKET_PATH "\n"
	"The control socket, unless the configuration names another one.\n"
	"Its mode and group say who may use it.\n"
	".El\n"
	".Sh EXIT STATUS\n"
	".Bl -tag -width indent\n"
	".It 0\n"
	"Obeyed.\n"
	".It 1\n"
	"Refused by the proxy; the reason is on standard error.\n"
	".It 2\n"
	"Wrong usage.\n"
	".It 3\n"
	"No connection to the proxy.\n"
	".El\n"
	".Sh SEE ALSO\n"
	".Xr socat 1 ,\n"
	".Xr viaduct 8\n"
	".Pp\n"
	".Pa docs/operations.md ,\n"
	".Pa docs/reference/commands.md\n"
	".Sh STANDARDS\n"
	"JSON-RPC 2.0.\n";

void viactl_manual(FILE *to)
{
	const struct command *c;

	fputs(manual_head, to);
	for (size_t i = 0; (c = command_at(i)); i++)
		mdoc_command(to, c);
	fputs(manual_tail, to);
}
