# shellcheck shell=bash disable=SC2034 # what is set here is read there
# SPDX-License-Identifier: BSD-3-Clause
#
# The third part of the demo: TLS and TCP beside the UDP that goes on. Sourced by demo.sh.
#
# A reload puts a TLS listener and a pool with a TCP server into the running proxy. Callers by TLS
# then reach the three servers, which speak UDP, and SIPp calls by UDP a server that speaks TCP.
. "$TOP/tests/lib/tls.sh"

tls_calls=300 tls_connections=10
tcp_calls=600 tcp_rate=100

# The listeners and the second pool, added to the configuration that runs.
streams_config() {
	tls_ca ca
	tls_cert ca proxy DNS:example.com,URI:sip:example.com
	sed -i "/^interfaces:/i\\
listeners:\\
  - {name: outside, address: \"$OUT4:5060\"}\\
  - {name: inside, address: \"$IN4:5060\"}\\
  - {name: secure, address: \"$OUT4:5061\", transports: [tls],\\
     certificate: $LAB_DIR/proxy.pem, key: $LAB_DIR/proxy.key}\\
tls: {ca: $LAB_DIR/ca.pem}" "$LAB_DIR/viaduct.yaml"
	sed -i "/^routes:/i\\
  - name: tcp\\
    backends: [{name: tcp-1, address: \"${SRV4[0]}:5060\", transports: [tcp]}]" \
		"$LAB_DIR/viaduct.yaml"
	sed -i "/^routes:/a\\  - {match: {domain: \"$OUT4\"}, pool: tcp}" "$LAB_DIR/viaduct.yaml"
}

# Calls by TLS to the servers by UDP. Sets tls_ok and tls_words.
demo_tls() {
	local completed failed seconds name total=0 got
	say "  a. $tls_calls calls by TLS, over $tls_connections connections, to servers by UDP"
	sipp_servers 4 call_uas
	read -r completed failed seconds < <(
		PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$TOP/tests/e2e \
			"$PYTHON" "$TOP/tests/demo/tls_calls.py" $tls_calls $tls_connections)
	sipp_servers_stop
	for name in s1 s2 s3; do
		got=$(sipp_stat $name 'IncomingCall(C)')
		say "     ${name}: $got calls"
		total=$((total + got))
	done
	tls_ok=yes
	[ "${completed:-0} ${failed:-1} $total" = "$tls_calls 0 $tls_calls" ] || tls_ok=no
	tls_words="TLS to UDP: ${completed:-0} of $tls_calls calls in ${seconds:-?} s,"
	tls_words+=" $total reached the servers"
}

# Calls of SIPp by UDP to its server by TCP. Sets tcp_ok and tcp_words.
demo_tcp() {
	local status=0 completed total
	say "  b. $tcp_calls calls of SIPp by UDP, $tcp_rate a second, to a server by TCP"
	sipp_server s1 "${SRV4[0]}" call_uas -t t1
	sipp_calls tcp "$CALLER4" "$OUT4" call_uac $tcp_calls $tcp_rate \
		-d 100 || status=$?
	sipp_server_stop s1
	completed=$(sipp_stat tcp 'SuccessfulCall(C)')
	total=$(sipp_stat s1 'IncomingCall(C)')
	tcp_ok=yes
	[ "$status $completed $total" = "0 $tcp_calls $tcp_calls" ] || tcp_ok=no
	tcp_words="UDP to TCP: $completed of $tcp_calls calls, $total reached the server"
}

demo_streams() {
	title "3. TLS and TCP: two worlds joined"
	streams_config
	say "  viactl reload puts a TLS listener and a TCP server into the running proxy:"
	ctl reload | sed 's/^/    /'
	demo_tls
	demo_tcp
	say
	ctl certificates | sed 's/^/  /'
}
