#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Anything that can go wrong, in any order, while packets flow: chaos.py says what is held to.
#
#	CHAOS_SECONDS=60 CHAOS_SEED=1 tests/shell/chaos.sh
#
# It breaks what all namespaces share (pins, state, clang), so it runs on a machine of its own as far as the loader can
# tell: pid and mount namespaces, with another /run/iptables-bpf.
if [ -z "${CHAOS_ALONE:-}" ] && [ "$(id -u)" = 0 ]; then
	# Much of it hangs on who comes first. What is wrong is told, and fails when it is so three times.
	for try in 1 2 3; do
		CHAOS_ALONE=1 unshare --mount --pid --fork --mount-proc "$0" "$@"
		status=$?
		[ $status != 1 ] && exit $status
		echo "chaos.sh: wrong $try of 3 times" >&2
	done
	exit 1
fi
. "$(dirname "$0")/lib.sh"
unset IPTABLES_BPF # what a user has
need python3 bpftool unshare prlimit

mkdir -p /run/iptables-bpf /run/netns /var/cache/iptables-bpf
mount -t tmpfs -o size=64m,mode=700 tmpfs /run/iptables-bpf || fail "cannot mount a tmpfs"
mount -t tmpfs -o size=64m,mode=700 tmpfs /var/cache/iptables-bpf || fail "cannot mount a tmpfs"
new_ns FW fw
new_ns PEER peer
new_ns OFW ofw
new_ns OPEER opeer

# clang is what $TMP/clang.mode says.
real=$(readlink -f /usr/bin/clang)
[ -x "$real" ] || skip "clang is not installed"
: >"$TMP/real-clang"
mount --bind "$real" "$TMP/real-clang" || fail "cannot bind clang"
cat >"$TMP/clang" <<END
#!/bin/sh
case \$(cat "$TMP/clang.mode" 2>/dev/null) in
fail) echo "no space left on the moon" >&2; exit 1 ;;
hang) exec sleep 1000 ;;
slow) sleep 1; exec "$TMP/real-clang" "\$@" ;;
killed) kill -9 \$\$ ;;
garbage) for a; do o=\$p; p=\$a; [ "\$o" = -o ] && head -c 5000 /dev/urandom >"\$a"; done; exit 0 ;;
empty) for a; do o=\$p; p=\$a; [ "\$o" = -o ] && : >"\$a"; done; exit 0 ;;
*) exec "$TMP/real-clang" "\$@" ;;
esac
END
chmod 755 "$TMP/clang"
for c in /usr/bin/clang /usr/bin/clang-[0-9]*; do
	[ ! -e "$c" ] || mount --bind "$TMP/clang" "$(readlink -f "$c")" 2>/dev/null
done

FW=$FW PEER=$PEER OFW=$OFW OPEER=$OPEER TMP=$TMP BUILDDIR=$BUILDDIR \
	/usr/bin/python3 "$SRCDIR/tests/shell/chaos.py" "${CHAOS_SECONDS:-60}" "${CHAOS_SEED:-1}"
status=$?
umount -l "$(readlink -f /usr/bin/clang)" "$TMP/real-clang" 2>/dev/null
[ "$status" = 0 ] && ok "chaos" || bad "chaos, seed ${CHAOS_SEED:-1}"
finish
