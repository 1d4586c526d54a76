/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Base64 (RFC 4648 4), for bytes that JSON cannot carry.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** The @n bytes at @p as text, owned by the caller; NULL without memory. */
char *base64_encode(const uint8_t *p, size_t n);

/**
 * The bytes that @text stands for, owned by the caller, *@n of them. NULL if it is no base64, or
 * without memory.
 */
uint8_t *base64_decode(const char *text, size_t *n);
