#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two viaducts in a row, joined by shared memory (memif, no kernel, static neighbours): a call has
# four of their Record-Routes, and its messages find their way through both, in both directions.
#
#   SIPp caller 10.1.0.1 -- out0 viaduct 10.8.0.1 == memif == 10.8.0.2 viaduct in0 -- SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_secret

# chain_config NAME ROLE OWN PEER: the ends of the memif have link addresses 02:00:00:00:08:OWN.
chain_config() {
	cat <<-YAML
		node: $1
		workers: 1
		hugepages: off
		secret: "file:$LAB_DIR/secret"
		domains: ["$OUT4"]
		interfaces:
		  - name: between
		    device: "memif:$LAB_DIR/memif.sock,role=$2,mac=02:00:00:00:08:0$3"
		    addresses: ["10.8.0.$3/24"]
		    neighbors: [{address: "10.8.0.$4", mac: "02:00:00:00:08:0$4"}]
	YAML
}
{
	chain_config first server 1 2
	echo '  - {name: outside, device: "packet:out0"}'
	echo 'pools:'
	lab_pool next 10.8.0.2
	echo 'routes: [{pool: next}]'
} >"$LAB_DIR/first.yaml"
{
	chain_config second client 2 1
	echo '  - {name: inside, device: "packet:in0"}'
	echo 'pools:'
	lab_pool core "${SRV4[@]}"
	echo 'routes: [{pool: core}]'
} >"$LAB_DIR/second.yaml"
viaduct_start "$LAB_DIR/first.yaml"
first=$VIADUCT_PID
viaduct_start "$LAB_DIR/second.yaml"
second=$VIADUCT_PID

sipp_servers 4 reinvite_uas
capture "$NS_S" net0 "$LAB_DIR/servers.pcap"
sipp_calls caller "$CALLER4" "$OUT4" reinvite_uac 60 60 || true
assert_calls caller 60
capture_stop
check_calls_kept "$LAB_DIR/servers.pcap" 60
for VIADUCT_PID in $first $second; do
	viaduct_stop
done
