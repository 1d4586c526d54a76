#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Proves that the checks of this folder can fail: plants one violation per rule in a scratch tree
# and expects each to be found, and a clean file to pass. Prints what was missed; exit status 1 if
# anything.

# shellcheck disable=SC2317 # the checks are called by name

set -u
lint=$(cd "$(dirname "$0")" && pwd) || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
mkdir -p dataplane/sip dataplane/proxy control bench tests/unit
n_bad=0

# expect found|clean CHECK PATH TEXT: TEXT is the file's whole content.
expect() {
	local want=$1 check=$2 path=$3 got=clean
	printf '%b\n' "$4" >"$path"
	"check_$check" "$path" >out 2>&1 || got=found
	if [ "$got" != "$want" ]; then
		echo "$check of $path: $got, not $want: $4"
		sed 's/^/    /' out
		n_bad=$((n_bad + 1))
	fi
	rm -f "$path"
}

# xs N: the letter x N times.
xs() { printf "%$1s" '' | tr ' ' x; }

check_layers() { awk -f "$lint/layers.awk" "$1"; }
check_forbidden() {
	awk -v setup="dataplane/ports.c dataplane/a.c:a_load" \
		-f "$lint/strip.awk" -f "$lint/forbidden.awk" "$lint/forbidden.txt" "$1"
}
check_columns() { awk -f "$lint/columns.awk" "$1"; }
check_functions() { awk -v limit=3 -v allow=/dev/null -f "$lint/functions.awk" "$1"; }
check_files() { awk -v limit=3 -v allow=/dev/null -f "$lint/files.awk" "$1"; }
check_commits() { awk -f "$lint/commits.awk" "$1"; }
check_header() { cp "$1" x.h && "$lint/header.sh" x.h; }

expect clean layers dataplane/sip/a.c '#include "dataplane/sip/a.h"\n#include <stdint.h>'
expect found layers dataplane/sip/a.c '#include "dataplane/proxy/a.h"'
expect found layers dataplane/sip/a.c '#include <rte_mbuf.h>'
expect found layers dataplane/sip/a.c '#include <stdio.h>'
expect found layers dataplane/sip/a.c '#include "a.h"'
expect found layers dataplane/sip/a.c '#include "dataplane/sip/../worker.h"'
expect found layers dataplane/proxy/a.c '#  include "dataplane/batch.h"'
expect found layers dataplane/proxy/a.c '#include <stdlib.h>'
expect found layers dataplane/a.c '#include "control/log.h"'
expect found layers dataplane/a.c '#include "tests/unit/guard.h"'
expect clean layers dataplane/a.c '#include "dataplane/proxy/a.h"\n#include <rte_mbuf.h>'
expect found layers control/a.c '#include "bench/a.h"'
expect clean layers control/a.c '#include "dataplane/worker.h"'
expect found layers bench/a.c '#include "dataplane/worker.h"'
expect clean layers bench/a.c '#include "dataplane/proxy/a.h"'
expect clean layers tests/unit/a.c '#include "control/log.h"\n#include "tests/unit/guard.h"'
expect found layers stray.c 'int a;'

expect clean forbidden dataplane/sip/a.c '/* malloc(),\n rte_mbuf and "printf" */ int a; // gets'
expect clean forbidden dataplane/sip/a.c 'const char *a = "rte_mbuf \\" malloc(3)"; int my_free;'
expect found forbidden dataplane/sip/a.c 'const char *a = "x" /* y */; void *p = malloc(3);'
expect found forbidden dataplane/sip/a.c "char quote = '\"'; struct rte_mbuf *m;"
expect found forbidden dataplane/sip/a.c 'free(p);'
expect clean forbidden dataplane/sip/a.c 's->free(p); size_t free;'
expect found forbidden dataplane/proxy/a.c 'printf("x");'
expect found forbidden dataplane/proxy/a.c 'n = strtoul(p, NULL, 10);'
expect found forbidden dataplane/proxy/a.c 'if (isdigit(c)) return;'
expect found forbidden dataplane/a.c 'log_warn("x");'
expect found forbidden dataplane/a.c 'n = sendto (fd, p, n, 0, a, l);'
expect found forbidden dataplane/a.c 'pthread_mutex_lock(&m);'
expect clean forbidden dataplane/ports.c 'p = malloc(3); log_warn("x");'
expect clean forbidden dataplane/a.c 'int a_new(void)\n{\n\tp = malloc(3);\n}'
expect found forbidden dataplane/a.c 'int a_new(void)\n{\n}\nint a(void)\n{\n\tp = malloc(3);\n}'
expect clean forbidden dataplane/a.c 'int a_load(void)\n{\n\tp = malloc(3);\n}'
expect found forbidden dataplane/sip/a.c 'int a_new(void)\n{\n\tp = malloc(3);\n}'
expect clean forbidden control/a.c 'p = malloc(3); log_warn("x");'
expect found forbidden control/a.c 'strcpy(a, b);'
expect found forbidden control/a.c 'strcat(a, b);'
expect found forbidden control/a.c 'sprintf(a, "x");'
expect found forbidden control/a.c 'gets(a);'
expect found forbidden control/a.c 'strtok(a, ",");'
expect found forbidden control/a.c 'n = atoi(a);'
expect found forbidden control/a.c 'volatile int a;'
expect clean forbidden control/a.c '__asm__ __volatile__("");'
expect clean forbidden control/a.c '/* the reason; lint: allow volatile */\nvolatile int a;'
expect found forbidden control/a.c '/* lint: allow volatile */\n\nvolatile int a;'
expect found forbidden control/a.c 'rte_atomic32_inc(&a);'
expect found forbidden control/a.c 'rte_smp_mb();'
expect found forbidden tests/unit/a.c 'char *p = alloca(3);'
expect found forbidden tests/unit/a.c "/* $(printf 'TO%s' DO): later */"

expect clean columns a.c "\t$(xs 92)"
expect found columns a.c "\t$(xs 93)"
expect clean functions a.c 'int f(void)\n{\n\ta();\n\tb();\n\tc();\n}'
expect found functions a.c 'int f(void)\n{\n\ta();\n\tb();\n\tc();\n\td();\n}'
expect found files a.c 'a\nb\nc\nd'
expect clean commits log 'abc\tsip: find the end of a folded header'
expect clean commits log 'abc\tdocs, tests/lint: add the first checks'
expect found commits log 'abc\tFind the end of a folded header'
expect found commits log 'abc\tsip: added a parser'
expect found commits log 'abc\tsip: find the end.'
expect found commits log "abc\tsip: $(xs 70)"
expect clean header a.h '#pragma once\n#include <stdint.h>\nuint8_t a(void);'
expect found header a.h '#pragma once\nuint8_t a(void);'
expect found header a.h 'struct a { int b; };'

exit $((n_bad > 0))
