#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# TLS listeners as openssl's client sees them: OPTIONS to the proxy is answered; clients without the
# right certificate are not let in where one is asked for; the name decides which certificate is
# shown; old versions and bytes that are no TLS get nothing, and the log says why. Then bad files:
# --check and reload name them by file, line and column, and nothing changes.
#
#   openssl s_client 10.1.0.1 -- out0 viaduct: 10.1.0.10:5061 any client, :5071 only our own
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/tls.sh"
need openssl

lab_up
tls_ca ca
tls_ca alien
tls_cert ca first URI:sip:example.com 17
tls_cert ca second DNS:second.example 34
tls_cert ca friend URI:sip:friend.example
tls_cert alien stranger URI:sip:friend.example
lab_config <<YAML
listeners:
  - {name: udp, address: "10.1.0.10:5060"}
  - {name: int, address: "10.2.0.10:5060"}
  - {name: tls, address: "10.1.0.10:5061", transports: [tls],
     certificate: $LAB_DIR/first.pem, key: $LAB_DIR/first.key,
     sni: [{certificate: $LAB_DIR/second.pem, key: $LAB_DIR/second.key}]}
  - {name: mutual, address: "10.1.0.10:5071", transports: [tls], client_ca: $LAB_DIR/ca.pem,
     certificate: $LAB_DIR/first.pem, key: $LAB_DIR/first.key}
tls: {ca: $LAB_DIR/ca.pem}
YAML

# options PORT [ARGUMENT...]: sends OPTIONS to the proxy by TLS. What came back is in out, what
# openssl said in err.
options() {
	local port=$1
	shift
	rm -f "$LAB_DIR/out" "$LAB_DIR/err"
	{
		printf '%s\r\n' 'OPTIONS sip:10.1.0.10 SIP/2.0' \
			'Via: SIP/2.0/TLS 10.1.0.1:5061;branch=z9hG4bK-s-client;rport' \
			'Max-Forwards: 70' 'From: <sip:a@example.com>;tag=a' \
			'To: <sip:10.1.0.10>' 'Call-ID: s-client' 'CSeq: 1 OPTIONS' \
			'Content-Length: 0' ''
		wait_until 20 over || true
	} | in_caller timeout 10 openssl s_client -connect "10.1.0.10:$port" -quiet -no_ign_eof \
		-CAfile "$LAB_DIR/ca.pem" -verify_return_error "$@" \
		>"$LAB_DIR/out" 2>"$LAB_DIR/err" || true
}

# There is an answer, or there will be none.
over() {
	grep -qs Content-Length "$LAB_DIR/out" || grep -Eqs 'alert|error|errno' "$LAB_DIR/err"
}

# answered: the OPTIONS got its 200.
answered() {
	head -n 1 "$LAB_DIR/out" | grep -q '^SIP/2.0 200 ' ||
		fail "$1: no 200: $(cat "$LAB_DIR/out" "$LAB_DIR/err")"
	grep -q 'Via: SIP/2.0/TLS 10.1.0.1:5061;branch=z9hG4bK-s-client;.*rport=' "$LAB_DIR/out" ||
		fail "$1: the Via came back otherwise: $(cat "$LAB_DIR/out")"
}

refused() {
	! grep -q SIP "$LAB_DIR/out" || fail "$1: got $(cat "$LAB_DIR/out")"
}

# shown PORT [ARGUMENT...]: the serial number of the certificate that is shown.
shown() {
	local port=$1
	shift
	in_caller timeout 10 openssl s_client -connect "10.1.0.10:$port" "$@" \
		</dev/null 2>/dev/null |
		openssl x509 -noout -serial
}

viaduct_start
for version in 1_2 1_3; do
	options 5061 -tls$version
	answered "TLS $version"
	options 5071 -tls$version -cert "$LAB_DIR/friend.pem" -key "$LAB_DIR/friend.key"
	answered "TLS $version with a certificate"
	options 5071 -tls$version
	refused "TLS $version without a certificate"
	options 5071 -tls$version -cert "$LAB_DIR/stranger.pem" -key "$LAB_DIR/stranger.key"
	refused "TLS $version with a stranger's certificate"
done
options 5061 -tls1_1 -cipher 'DEFAULT:@SECLEVEL=0'
refused "TLS 1.1"
options 5061 -tls1_2 -cipher 'AES128-SHA'
refused "a suite without forward secrecy"

assert_eq "$(shown 5061 -noservername)" serial=11 "the certificate without a name"
assert_eq "$(shown 5061 -servername example.com)" serial=11 "the certificate of the first name"
assert_eq "$(shown 5061 -servername second.example)" serial=22 "the certificate of the second name"
assert_eq "$(shown 5061 -servername nobody.example)" serial=11 "the certificate of no name"

# A session is taken up again, also after a reload.
in_caller timeout 10 openssl s_client -connect 10.1.0.10:5061 -tls1_2 \
	-sess_out "$LAB_DIR/session" </dev/null >/dev/null 2>&1 || true
ctl reload >/dev/null
in_caller timeout 10 openssl s_client -connect 10.1.0.10:5061 -tls1_2 -sess_in "$LAB_DIR/session" \
	</dev/null >"$LAB_DIR/again" 2>&1 || true
grep -q '^Reused, TLSv1.2' "$LAB_DIR/again" || fail "the session was not taken up again"

check_python <<'PYTHON'
from tlslab import *

plain = connect(("10.1.0.10", 5061))
plain.send(request("OPTIONS"))
check(plain.message() is None, "bytes that are no TLS were answered")
PYTHON
assert_in_log 'TLS from 10.1.0.1:[0-9]+: peer did not return a certificate' "$LAB_DIR/viaduct.log"
assert_in_log 'TLS from 10.1.0.1:[0-9]+: .*issuer certificate' "$LAB_DIR/viaduct.log"

# --- what an operator sees ------------------------------------------------------------------

ctl --json certificates >"$LAB_DIR/certificates"
check_python <<'PYTHON'
import json
import time

from siplab import *

rows = json.load(open(ENV["LAB_DIR"] + "/certificates"))["certificates"]
equal(
    [(r["listener"], r["names"], r["serial"], r["sni"], r["mutual"]) for r in rows],
    [
        ("tls", ["example.com"], "11", False, False),
        ("tls", ["second.example"], "22", True, False),
        ("mutual", ["example.com"], "11", False, True),
    ],
    "certificates",
)
for r in rows:
    check(29 * 86400 < r["expires_in_s"] < 31 * 86400, "it expires in %d s" % r["expires_in_s"])
    equal((r["public_key"], r["chain"]), ("EC 256", 1), "key and chain")
PYTHON
ctl certificates | grep -q '^tls *example.com *in 29 d' ||
	fail "viactl certificates: $(ctl certificates)"

# alarm PATTERN: an alarm says so.
alarm() {
	ctl status | grep -Eq "^(alarms|  ).*$1"
}

sleep 1.1
! alarm 'certificate' || fail "an alarm about certificates that are good: $(ctl status)"

# --- bad files ------------------------------------------------------------------------------

cp "$LAB_DIR/first.key" "$LAB_DIR/kept.key"
cp "$LAB_DIR/second.key" "$LAB_DIR/first.key"
line=$(grep -n "key: $LAB_DIR/first.key" "$LAB_DIR/viaduct.yaml" | head -n 1 | cut -d : -f 1)
said="viaduct.yaml:$line:[0-9]+: key: $LAB_DIR/first.key: is not the key of the certificate in"
status=0
"$VIADUCT" --check --config "$LAB_DIR/viaduct.yaml" >"$LAB_DIR/out" 2>&1 || status=$?
assert_eq "$status" 2 "status of --check with the wrong key"
assert_in_log "$said" "$LAB_DIR/out"
status=0
ctl reload >"$LAB_DIR/out" 2>&1 || status=$?
assert_eq "$status" 1 "status of a reload with the wrong key"
assert_in_log "$said" "$LAB_DIR/out"
options 5061
answered "after a reload that was refused"
cp "$LAB_DIR/kept.key" "$LAB_DIR/first.key"

# One that expires soon is taken, with an alarm; one that has expired with a warning too.
tls_cert ca first URI:sip:example.com 51 5
ctl reload --dry-run >"$LAB_DIR/out"
assert_in_log "listener tls: certificate in $LAB_DIR/first.pem: serial 11 -> 33" "$LAB_DIR/out"
assert_eq "$(shown 5061)" serial=11 "the certificate after a dry run"
ctl reload >/dev/null
assert_eq "$(shown 5061)" serial=33 "the certificate after a reload"
wait_until 20 alarm 'listener (tls|mutual): certificate .*first.pem expires in 4 days' ||
	fail "no alarm about a certificate that expires soon: $(ctl status)"
tls_cert ca first URI:sip:example.com 68 -1
ctl reload >"$LAB_DIR/out"
assert_in_log 'warning: .*first.pem: /O=Lab has expired' "$LAB_DIR/out"
lab_balance
viaduct_stop
