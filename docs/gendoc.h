/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages that gendoc.c writes and other files print.
 */
#pragma once

#include <stdio.h>

#define GENERATED "<!-- Made by docs/gendoc.c from the tables in the source; do not edit. -->\n\n"

/** The reference of commands, as Markdown. */
void commands_page(FILE *to);

/** viactl(1), for mdoc. */
void viactl_manual(FILE *to);

/* gendoc_metrics.c */
void metrics_page(FILE *to);
void alarms_page(FILE *to);
