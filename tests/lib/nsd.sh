# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A real DNS server in the lab: NSD, for the zone lab.test, at the servers' first address.
#
#   nsd_zone <<'END'      records of the zone; with a server running they are in force at once
#   nsd_start, nsd_stop   (a resolver that is gone)

NSD_AT=10.2.0.11
NSD_SERIAL=0
NSD_PID=

# nsd_zone: writes the zone with the records of standard input; TTL 1 where they say none.
nsd_zone() {
	NSD_SERIAL=$((NSD_SERIAL + 1))
	{
		echo "\$ORIGIN lab.test."
		echo "\$TTL 1"
		echo "@ SOA ns admin $NSD_SERIAL 3600 600 86400 1"
		echo "@ NS ns"
		echo "ns A $NSD_AT"
		cat
	} >"$LAB_DIR/nsd/zone.new"
	mv "$LAB_DIR/nsd/zone.new" "$LAB_DIR/nsd/zone"
	[ -z "$NSD_PID" ] || kill -HUP "$NSD_PID"
}

nsd_prepare() {
	need nsd
	mkdir -p "$LAB_DIR/nsd"
	cat >"$LAB_DIR/nsd/nsd.conf" <<-END
		server:
		  ip-address: $NSD_AT@53
		  username: ""
		  zonesdir: "$LAB_DIR/nsd"
		  database: ""
		  pidfile: "$LAB_DIR/nsd/pid"
		  xfrdfile: "$LAB_DIR/nsd/xfrd"
		  zonelistfile: "$LAB_DIR/nsd/zone.list"
		  server-count: 1
		remote-control:
		  control-enable: no
		zone:
		  name: lab.test
		  zonefile: zone
	END
}

nsd_start() {
	ip netns exec "$NS_S" nsd -d -c "$LAB_DIR/nsd/nsd.conf" >>"$LAB_DIR/nsd/log" 2>&1 &
	NSD_PID=$!
	wait_until 10 nsd_listens || fail "NSD did not start: $(tail -n 3 "$LAB_DIR/nsd/log")"
}

nsd_listens() {
	in_ns "$NS_S" ss -Hlun | grep -Fq "$NSD_AT:53 "
}

nsd_stop() {
	kill -TERM "$NSD_PID"
	wait "$NSD_PID" 2>/dev/null || true
	NSD_PID=
}
