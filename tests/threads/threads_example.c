/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One thread renews an example as fast as it can, another reads it: what is read was put as a
 * whole.
 */
#include "dataplane/example.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PUTS 300000u

static struct examples examples;
static atomic_bool done;

static void *writer(void *arg)
{
	(void)arg;
	for (uint32_t n = 1; n <= PUTS; n++) {
		struct example x = { .tsc = n, .src.port = (uint16_t)n, .len = EXAMPLE_BYTES };

		memset(x.bytes, (int)(n % 251), sizeof(x.bytes));
		example_put(&examples, 3, &x, 0);
	}
	atomic_store(&done, true);
	return NULL;
}

static unsigned int check(const struct example *x)
{
	unsigned int wrong = x->src.port != (uint16_t)x->tsc || x->len != EXAMPLE_BYTES;

	for (unsigned int i = 0; i < EXAMPLE_BYTES; i++)
		wrong |= x->bytes[i] != x->tsc % 251;
	return wrong;
}

int main(void)
{
	unsigned int faults = 0, read = 0;
	uint64_t last = 0;
	struct example x;
	pthread_t t;

	pthread_create(&t, NULL, writer, NULL);
	while (!atomic_load(&done)) {
		if (!example_get(&examples, 3, &x))
			continue;
		faults += check(&x) || x.tsc < last;
		last = x.tsc;
		read++;
	}
	pthread_join(t, NULL);
	faults += !example_get(&examples, 3, &x) || x.tsc != PUTS || check(&x);
	printf("%u read, %u faults\n", read, faults);
	return faults || !read ? 1 : 0;
}
