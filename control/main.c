/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * viaduct: command line and exit status (contract section 2).
 *
 * 0 = stopped when asked to, or the file is valid; 1 = failure at run time; 2 = wrong usage or an
 * invalid file.
 */
#include "control/app.h"
#include "control/doctor/command.h"
#include "control/log.h"
#include "control/stream/tls.h"
#include "control/wall_time.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

enum { EXIT_GOOD = 0, EXIT_FAILED = 1, EXIT_WRONG = 2 };

static const char usage[] =
	"usage: viaduct --config FILE           run in the foreground\n"
	"       viaduct --check --config FILE   only say what is wrong with the file\n"
	"       viaduct --doctor [--config FILE] [--json]\n"
	"                                       only say what is wrong with the machine\n"
	"       viaduct --version | --help\n";

static const char help[] =
	"\n"
	"viaduct is a stateless load-balancing SIP proxy.\n"
	"\n"
	"signals:  SIGTERM, SIGINT  stop (exit status 0)\n"
	"          SIGHUP           read the file again\n"
	"          SIGUSR1          log the counters\n"
	"status:   0 stopped as asked, or the file is valid, or the doctor found no fault\n"
	"          1 failure at run time, or the doctor found one\n"
	"          2 wrong usage, or the file is not valid\n"
	"See viaduct(8).\n";

struct options {
	const char *config;
	bool check;
	bool doctor;
	bool json;
};

/* Reads the command line. Returns -1 to go on, or the exit status. */
static int read_options(int argc, char **argv, struct options *out)
{
	static const struct option known[] = { { "config", required_argument, NULL, 'c' },
					       { "check", no_argument, NULL, 'k' },
					       { "doctor", no_argument, NULL, 'd' },
					       { "json", no_argument, NULL, 'j' },
					       { "version", no_argument, NULL, 'V' },
					       { "help", no_argument, NULL, 'h' },
					       { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "c:Vh", known, NULL)) != -1) {
		switch (c) {
		case 'c':
			out->config = optarg;
			break;
		case 'k':
			out->check = true;
			break;
		case 'd':
			out->doctor = true;
			break;
		case 'j':
			out->json = true;
			break;
		case 'V':
			printf("viaduct %s\n", VIADUCT_VERSION);
			return EXIT_GOOD;
		case 'h':
			printf("%s%s", usage, help);
			return EXIT_GOOD;
		default:
			fputs(usage, stderr);
			return EXIT_WRONG;
		}
	}
	if (optind < argc)
		fprintf(stderr, "viaduct: \"%s\" is no option\n", argv[optind]);
	else if (!out->config && !out->doctor)
		fputs("viaduct: --config FILE is missing\n", stderr);
	else if (out->json && !out->doctor)
		fputs("viaduct: --json goes with --doctor\n", stderr);
	else
		return -1;
	fputs(usage, stderr);
	return EXIT_WRONG;
}

/* Loads the file; prints what is wrong with it. Returns -1 to go on, or the exit status. */
static int load(const char *path, struct config *out)
{
	struct config_errors errs = { 0 };
	int rc = config_load_file(path, out, &errs);

	config_errors_print(&errs, stderr);
	if (rc && config_errors_lines(&errs) == 0)
		fprintf(stderr, "%s: %s\n", path, rc == -ENOMEM ? "no memory" : "cannot be read");
	config_errors_free(&errs);
	return rc == 0 ? -1 : rc == -ENOMEM ? EXIT_FAILED : EXIT_WRONG;
}

/* Prints what the valid file says that is likely not meant. */
static void remark(const struct config *c)
{
	struct config_errors warnings = { 0 };

	config_warnings(c, &warnings);
	config_errors_print(&warnings, stderr);
	config_errors_free(&warnings);
}

static int examine(const struct options *o, const struct config *c)
{
	return doctor_command(o->config ? c : NULL, o->json) == 0 ? EXIT_GOOD : EXIT_FAILED;
}

/* Reads the certificates and keys that the file names, as a start would. Prints what is wrong with
 * them. Returns the exit status. */
static int check_certificates(const struct config *c)
{
	struct config_errors errs = { 0 }, warnings = { 0 };
	struct tls_set *set = tls_load(c, &errs, &warnings);

	config_errors_print(&errs, stderr);
	config_errors_print(&warnings, stderr);
	config_errors_free(&errs);
	config_errors_free(&warnings);
	tls_set_free(set);
	return set ? EXIT_GOOD : EXIT_WRONG;
}

static int run(struct app *app)
{
	int rc = parts_start(app);

	if (rc)
		return EXIT_FAILED;
	rc = loop_run(app);
	parts_stop(app);
	return rc ? EXIT_FAILED : EXIT_GOOD;
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	static struct app app;
	int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	app.config_path = options.config;
	app.started_ms = app.loaded_ms = wall_time_ms();
	if (options.config)
		status = load(options.config, &app.config);
	if (status < 0 && options.doctor) {
		status = examine(&options, &app.config);
	} else if (status < 0) {
		remark(&app.config);
		status = options.check ? check_certificates(&app.config) : run(&app);
	}
	config_free(&app.config);
	return status;
}
