# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A virtual machine with NICs that DPDK can have: QEMU without KVM, a kernel of Debian, and an
# initramfs of this machine's own files. A test sources it after e2e.sh.
#
# The kernel is the small one for clouds, some 27 MB: it is fetched once, to build/guest, and only
# unpacked. GUEST_KERNEL names a folder with boot/vmlinuz-* and lib/modules in its place.

GUEST_IN='' GUEST_OUT=''
GUEST_MODULES='virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci
	failover net_failover virtio_net tun uio uio_pci_generic irqbypass vfio vfio_virqfd
	vfio_iommu_type1 vfio-pci-core vfio-pci'
GUEST_DRIVERS='bus_pci bus_vdev mempool_ring net_e1000 net_tap net_virtio'

# Sets GUEST_KERNEL and GUEST_RELEASE; skips the test where there is no kernel to be had.
guest_kernel() {
	local folder=$TOP/build/guest package
	if [ -z "${GUEST_KERNEL:-}" ]; then
		GUEST_KERNEL=$folder/kernel
		[ -d "$GUEST_KERNEL" ] || guest_fetch "$folder"
	fi
	set -- "$GUEST_KERNEL"/boot/vmlinuz-*
	[ -r "$1" ] || skip "no kernel for a guest in $GUEST_KERNEL"
	GUEST_RELEASE=${1##*/vmlinuz-}
}

guest_fetch() {
	local folder=$1 package
	package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
		sed -n 's/.*Depends: \(linux-image-.*\)/\1/p' | head -n 1)
	[ -n "$package" ] || skip "apt knows no kernel for a guest"
	rm -rf "$folder/deb"
	mkdir -p "$folder/deb"
	(cd "$folder/deb" && apt-get -qq download "$package" >/dev/null 2>&1) ||
		skip "no kernel for a guest: $package could not be fetched"
	dpkg-deb -x "$folder"/deb/*.deb "$folder/deb/kernel"
	guest_prune "$folder/deb/kernel"
	mv "$folder/deb/kernel" "$folder/kernel"
	rm -rf "$folder/deb"
}

# Deletes what no guest needs, nine tenths of it.
guest_prune() {
	local keep=() name
	for name in $GUEST_MODULES; do
		keep+=(! -name "$name.ko*")
	done
	find "$1/lib/modules" -name '*.ko*' "${keep[@]}" -delete
	rm -rf "${1:?}/usr" "$1"/boot/System.map-*
}

# guest_copy ROOT FILE...: programs and libraries with all that they load. A library keeps its names
# as links to one file: two copies would be loaded both.
guest_copy() {
	local root=$1 file real
	shift
	for file in "$@" $(ldd "$@" 2>/dev/null | grep -o '/[^ ]*' | tr -d ':' | sort -u); do
		real=$(readlink -f "$file")
		[ -e "$root$real" ] || install -D "$real" "$root$real"
		[ -e "$root$file" ] || { mkdir -p "$root${file%/*}" && ln -s "$real" "$root$file"; }
	done
}

guest_modules() {
	local root=$1 name file to=$1/lib/modules/$GUEST_RELEASE
	local from=$GUEST_KERNEL/lib/modules/$GUEST_RELEASE
	mkdir -p "$to"
	cp "$from"/modules.builtin* "$from/modules.order" "$to"
	for name in $GUEST_MODULES; do
		file=$(find "$from" -name "$name.ko*" | head -n 1)
		[ -n "$file" ] || fail "the guest's kernel has no module $name"
		cp "$file" "$to"
	done
	busybox depmod -b "$root" "$GUEST_RELEASE"
}

# The first process: file systems, then a shell whose commands come by the second serial port.
guest_init() {
	cat <<-'END'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		export PATH=/bin:/sbin HOME=/
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t devtmpfs dev /dev
		mkdir -p /dev/hugepages /run /tmp /var/run
		mount -t tmpfs run /run
		ip link set lo up
		modprobe virtio_pci
		modprobe virtio_net
		modprobe tun
		stty -F /dev/ttyS1 raw -echo
		exec </dev/ttyS1 >/dev/ttyS1 2>&1
		echo '#up'
		while read -r line; do
			(eval "$line")
			echo "#done $?"
		done
		poweroff -f
	END
}

# guest_image FILE: writes the initramfs, with what is in $LAB_DIR/guest at its root.
guest_image() {
	local root=$LAB_DIR/root name pmds
	pmds=$(find /usr/lib -maxdepth 3 -type d -path '*/dpdk/pmds-*' | head -n 1)
	[ -n "$pmds" ] || skip "the drivers of DPDK are not installed as files"
	mkdir -p "$root"/{bin,dev,etc,proc,sbin,sys,usr/lib,usr/lib64}
	ln -s usr/lib "$root/lib"
	ln -s usr/lib64 "$root/lib64"
	cp "$(command -v busybox)" "$root/bin/busybox"
	guest_copy "$root" "$VIADUCT" "$VIACTL"
	for name in $GUEST_DRIVERS; do
		guest_copy "$root" "$pmds/librte_$name.so"
	done
	ln -s "$VIADUCT" "$root/sbin/viaduct"
	ln -s "$VIACTL" "$root/bin/viactl"
	guest_modules "$root"
	cp -r "$LAB_DIR/guest/." "$root"
	guest_init >"$root/init"
	chmod 755 "$root/init"
	(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) >"$1"
	rm -rf "$root"
}

# guest_lab: the lab's callers and servers (lab_up joined), with TAP interfaces in place of the
# proxy's ends of its links; QEMU opens them.
guest_lab() {
	[ "$(id -u)" = 0 ] || skip "a lab of network namespaces needs root"
	[ -c /dev/net/tun ] || skip "this Linux has no TAP"
	need ip
	trap lab_down EXIT
	trap 'exit 130' INT TERM
	LAB_DIR=$(mktemp -d /tmp/viaduct-lab.XXXXXX)
	lab_space "$NS_S"
	NS_C=$NS_S CALLER4=10.1.0.1 CALLER6=fd01::1 OUT4=10.1.0.10 OUT6=fd01::10
	in_servers ip tuntap add net0 mode tap
	in_servers ip tuntap add net1 mode tap multi_queue
	lab_address "$NS_S" net0 "${SRV4[@]/%//24}" "${SRV6[@]/%//64}"
	lab_address "$NS_S" net1 $CALLER4/24 $CALLER6/64
	in_servers ip link set net0 up
	in_servers ip link set net1 up
	ln -s console.log "$LAB_DIR/viaduct.log"
	export LAB_DIR NS_C NS_P NS_S CALLER4 CALLER6 OUT4 OUT6 IN4 IN6
	LAB_SRV4="${SRV4[*]}" LAB_SRV6="${SRV6[*]}"
	export LAB_SRV4 LAB_SRV6
}

# guest_start IMAGE NS ARGUMENT...: boots it in a namespace; ARGUMENT: QEMU's, for its devices.
guest_start() {
	local image=$1 ns=$2
	shift 2
	ip netns exec "$ns" qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu max \
		-smp 2 -m 768 -nodefaults -display none -no-reboot \
		-kernel "$GUEST_KERNEL/boot/vmlinuz-$GUEST_RELEASE" -initrd "$image" \
		-append 'console=ttyS0 panic=-1 quiet intel_iommu=on' \
		-serial "file:$LAB_DIR/console.log" \
		-serial "unix:$LAB_DIR/guest.sock,server=on,wait=on" \
		-monitor "unix:$LAB_DIR/monitor.sock,server=on,wait=off" "$@" \
		>"$LAB_DIR/qemu.log" 2>&1 &
	wait_until 10 test -S "$LAB_DIR/guest.sock" ||
		fail "QEMU does not start: $(tail -n 3 "$LAB_DIR/qemu.log")"
	coproc GUEST_LINE { exec socat - "UNIX-CONNECT:$LAB_DIR/guest.sock"; }
	GUEST_OUT=${GUEST_LINE[0]} GUEST_IN=${GUEST_LINE[1]}
	guest_until '#up' 120 >/dev/null ||
		fail "the guest does not boot: $(tail "$LAB_DIR/console.log")"
}

# guest_monitor COMMAND: one for QEMU itself; prints its answer, among what a terminal needs.
guest_monitor() {
	printf '%s\n' "$1" | socat -t 1 - "UNIX-CONNECT:$LAB_DIR/monitor.sock"
}

# guest_until WORD SECONDS: prints lines of the guest until one begins with the word, whose rest is
# left in GUEST_REST. Fails if none comes for so long.
guest_until() {
	local line
	while IFS= read -r -t "$2" -u "$GUEST_OUT" line; do
		line=${line%$'\r'}
		case $line in
		"$1"*) GUEST_REST=${line#"$1"}; return 0 ;;
		esac
		printf '%s\n' "$line"
	done
	return 1
}

# in_guest COMMAND: runs one line of shell there; prints what it prints, with its status.
in_guest() {
	printf '%s\n' "$1" >&"$GUEST_IN"
	guest_until '#done ' "${GUEST_TIMEOUT:-60}" || fail "the guest does not end: $1"
	return "$GUEST_REST"
}

# guest_wait COMMAND: until it succeeds there, for at most 20 s.
guest_wait() {
	in_guest "for n in \$(seq 100); do $1 >/run/wait 2>&1 && exit 0; sleep 0.2; done; exit 1"
}
