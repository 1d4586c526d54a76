#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# header.sh HEADER: compiles the header alone, included twice. $DPDK holds DPDK's compiler
# arguments, which the pure core does not get.

case $1 in
dataplane/sip/* | dataplane/proxy/*) DPDK= ;;
esac
# shellcheck disable=SC2086
printf '#include "%s"\n#include "%s"\n' "$1" "$1" |
	gcc -x c -std=gnu11 -D_GNU_SOURCE -march=x86-64-v2 -Wall -Wextra -Werror -I . $DPDK \
		-fsyntax-only -
