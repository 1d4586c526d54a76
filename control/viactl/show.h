/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Results of commands as people read them.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

/** Prints the @result of @method to @to. */
void show_result(const char *method, const json_t *result, FILE *to);

/** Prints the @error object of a response to @to: its message, and the faults of a file. */
void show_error(const json_t *error, FILE *to);

/* Those of each command; show.c knows them by method. */
void show_status(const json_t *result, FILE *to);
void show_pools(const json_t *result, FILE *to);
void show_pool(const json_t *result, FILE *to);
void show_backend(const json_t *result, FILE *to);
void show_reload(const json_t *result, FILE *to);
void show_counters(const json_t *result, FILE *to);
void show_connections(const json_t *result, FILE *to);
void show_transactions(const json_t *result, FILE *to);
void show_dns(const json_t *result, FILE *to);
void show_explain(const json_t *result, FILE *to);
void show_certificates(const json_t *result, FILE *to);
void show_doctor(const json_t *result, FILE *to);
