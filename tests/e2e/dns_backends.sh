#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Backends that are a name: a real DNS server tells the addresses, by SRV records with priorities
# and weights. While calls run, addresses come and go, weights change, the resolver dies and comes
# back: no call is lost, and what belongs to a call goes where the call is.
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/nsd.sh"

lab_up
nsd_prepare
for n in 4 5; do lab_address "$NS_S" net0 10.2.0.1$n/24; done
lab_config <<END
resolvers: [$NSD_AT]
dns: {timeout: 300ms}
END
sed -i -e '/name: core-[23]/d' \
	-e 's/{name: core-1, address: .*/{name: core, address: sip.lab.test}/' \
	"$LAB_DIR/viaduct.yaml"

# members: "10.2.0.11:5060*WEIGHT/TIER ..." of those that are in the pool, sorted; an unresolved
# name as "null".
members() {
	ctl --json pool show core | "$PYTHON" -c '
import json, sys
r = json.load(sys.stdin)
r = r.get("result", r)
print(" ".join(sorted("%s*%s/%s" % (b["address"], b["weight"], b["tier"])
                      for b in r["pool"]["members"] if not b["removed"])))'
}
members_are() { [ "$(members)" = "$1" ]; }
expect_members() {
	wait_until 15 members_are "$1" || fail "$2: members are '$(members)', wanted '$1'"
}
hosts() {
	local n
	for n in 1 2 3 4; do echo "s$n A 10.2.0.1$n"; done
}

# --- the start does not wait ---------------------------------------------------------------------
viaduct_start
expect_members 'None*1/0' "before the resolver is there"
ctl pool show core >"$LAB_DIR/ctl.out"
assert_in_log 'core .*down .*dns ' "$LAB_DIR/ctl.out"
nsd_zone <<END
$(hosts)
_sip._udp.sip SRV 10 60 5060 s1
_sip._udp.sip SRV 10 40 5060 s2
_sip._udp.sip SRV 20 0 5060 s3
END
nsd_start
ctl dns flush >"$LAB_DIR/ctl.out"
expect_members '10.2.0.11:5060*3/0 10.2.0.12:5060*2/0 10.2.0.13:5060*1/1' "by SRV records"

# --- changes while calls run ---------------------------------------------------------------------
sipp_servers 4 cancel_uas
sipp_server s4 10.2.0.14 cancel_uas
capture "$NS_S" net0 "$LAB_DIR/servers.pcap" 'udp port 5060'
sipp_calls caller "$CALLER4" "$OUT4" cancel_uac 1200 100 &
calls=$!
sleep 1
nsd_zone <<END
$(hosts)
_sip._udp.sip SRV 10 10 5060 s2
_sip._udp.sip SRV 10 10 5060 s4
END
expect_members '10.2.0.12:5060*1/0 10.2.0.14:5060*1/0' "s1 and s3 went, s4 came"
nsd_stop
sleep 2.5
expect_members '10.2.0.12:5060*1/0 10.2.0.14:5060*1/0' "without a resolver"
nsd_zone <<END
$(hosts)
_sip._udp.sip SRV 10 10 5060 s1
_sip._udp.sip SRV 10 30 5060 s2
END
nsd_start
expect_members '10.2.0.11:5060*1/0 10.2.0.12:5060*3/0' "s4 went, s1 came back"
nsd_zone </dev/null
sleep 2.5
expect_members '10.2.0.11:5060*1/0 10.2.0.12:5060*3/0' "a zone that lost its records"
wait $calls || true
assert_calls caller 1200
capture_stop
sipp_servers_stop
sipp_server_stop s4
for server in s1 s2 s3 s4; do
	assert_eq "$(sipp_stat $server 'FailedCall(C)')" 0 "calls that failed at $server"
done
for server in s1 s2 s4; do
	assert_ge "$(sipp_stat $server 'TotalCallCreated')" 50 "calls at $server"
done
LAB_SRV4="10.2.0.11 10.2.0.12 10.2.0.14" check_calls_kept "$LAB_DIR/servers.pcap" 1200

# --- operators -----------------------------------------------------------------------------------
ctl backend set core core state=drain >"$LAB_DIR/ctl.out"
assert_in_log 'core: all 2 of them' "$LAB_DIR/ctl.out"
ctl backend set core core/10.2.0.12:5060 state=up >"$LAB_DIR/ctl.out"
ctl pools >"$LAB_DIR/ctl.out"
assert_in_log 'core/10.2.0.11:5060 .* drain ' "$LAB_DIR/ctl.out"
assert_in_log 'core/10.2.0.12:5060 .* up ' "$LAB_DIR/ctl.out"
ctl reload --reset >"$LAB_DIR/ctl.out"
nsd_zone <<END
$(hosts)
plain A 10.2.0.13
plain A 10.2.0.14
_sip._udp.sip SRV 10 30 5060 s2
END
expect_members '10.2.0.12:5060*1/0' "one is left"
ctl backend add core extra plain.lab.test:5070 weight=2 >"$LAB_DIR/ctl.out"
expect_members '10.2.0.12:5060*1/0 10.2.0.13:5070*2/0 10.2.0.14:5070*2/0' "a name added by hand"
ctl backend remove core extra/10.2.0.13:5070 >"$LAB_DIR/ctl.out"
expect_members '10.2.0.12:5060*1/0 10.2.0.14:5070*2/0' "an address removed by hand"
ctl backend remove core extra >"$LAB_DIR/ctl.out"
expect_members '10.2.0.12:5060*1/0' "the name removed"
ctl dns lab.test >"$LAB_DIR/ctl.out"
assert_in_log 'sip.lab.test +SRV +valid .*10 30 5060 s2.lab.test' "$LAB_DIR/ctl.out"
viaduct_stop
