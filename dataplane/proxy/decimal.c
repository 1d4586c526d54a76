/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The texts behind decimal.h, made by the preprocessor.
 */
#include "dataplane/proxy/decimal.h"

#define D(n) ('0' + (n) % 10)
#define ONE(n)                    \
	{                         \
		{ D(n), 0, 0 }, 1 \
	}
#define TWO(n)                              \
	{                                   \
		{ D((n) / 10), D(n), 0 }, 2 \
	}
#define THREE(n)                                       \
	{                                              \
		{ D((n) / 100), D((n) / 10), D(n) }, 3 \
	}
#define FIVE(row, n) row(n), row((n) + 1), row((n) + 2), row((n) + 3), row((n) + 4)
#define TEN(row, n) FIVE(row, n), FIVE(row, (n) + 5)
#define FIFTY(row, n) \
	TEN(row, n), TEN(row, (n) + 10), TEN(row, (n) + 20), TEN(row, (n) + 30), TEN(row, (n) + 40)

const struct decimal decimals[256 + 16] = {
	TEN(ONE, 0),       TEN(TWO, 10),     TEN(TWO, 20),      TEN(TWO, 30),
	TEN(TWO, 40),      FIFTY(TWO, 50),   FIFTY(THREE, 100), FIFTY(THREE, 150),
	FIFTY(THREE, 200), FIVE(THREE, 250), THREE(255),
};
