# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced by every test in this directory: programs that use iptables, run
# unattended twice, once with stock and once with ours, and what they leave
# behind must be the same.
#
#	#!/bin/bash
#	. "$(dirname "$0")/lib.sh"
#	client_install PACKAGE...	from Debian, with their maintainer scripts
#	steps() { ...; }		what to do; runs in both
#	client_compare steps	(functions that steps() uses: CLIENT_FUNCTIONS="NAME...")
#	finish
#
# Each side has a network namespace and an overlay of the machine's file system
# of its own: packages, configuration, logs and links in /usr/sbin are gone with
# the test, and nothing reaches the machine's firewall. In the overlay of "ours"
# update-alternatives makes iptables and ip6tables ours, as README.md says.
# Programs of stock are those that the machine has selected.
#
# In steps(), which sees nothing else of the test:
#	snap NAME	notes iptables-save and ip6tables-save at this point, with ours
#			once BPF decides
#	wait_until SECONDS CMD...	until CMD succeeds, else the test fails
# What steps() prints must be the same on both sides, too.
#
# Needs apt (or the packages in its cache) and overlayfs, else the test is skipped.

# Mounts are for this test only.
if [ "$(id -u)" = 0 ] && [ -z "${CLIENT_MOUNTS_PRIVATE-}" ]; then
	export CLIENT_MOUNTS_PRIVATE=1
	exec unshare -m "$0" "$@"
fi
# shellcheck source=tests/shell/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../shell/lib.sh"
need apt-get dpkg update-alternatives

# Not below $TMP, which is deleted with all that is in it: /dev is mounted here.
LAYERS=$(mktemp -d "${TMPDIR:-/tmp}/ipb-layers.XXXXXX") || fail "cannot make a directory"
mkdir "$TMP/out"

client_cleanup()
{
	local status=$?

	umount -R -l "$LAYERS" 2>/dev/null
	rmdir "$LAYERS"
	(exit "$status")
	lib_cleanup
}
trap client_cleanup EXIT

mount -t tmpfs -o mode=755 layers "$LAYERS" || fail "cannot mount a tmpfs on $LAYERS"

# overlay ROOT UPPER LOWER...: mounts the machine's file system with UPPER
# taking what is written on ROOT.
overlay()
{
	local root=$1 upper=$2 lower=$3 dir

	mkdir -p "$root" "$upper/up" "$upper/work" &&
		mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper/up,workdir=$upper/work" "$root" || return 1
	for dir in proc sys dev; do
		mount --rbind "/$dir" "$root/$dir" || return 1
	done
	mount -t tmpfs -o mode=755 run "$root/run" && mkdir "$root/run/lock" || return 1
	mkdir -p "$root$BUILDDIR" && mount --bind "$BUILDDIR" "$root$BUILDDIR"
}

# client_install PACKAGE...: a layer with these, for both sides.
client_install()
{
	local root=$LAYERS/install ns

	new_ns ns install
	overlay "$root" "$LAYERS/client" / || skip "no overlay of / can be mounted here"
	# Services that a package starts would run on the machine.
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null
	if ! client_apt "$root" install --no-install-recommends "$@"; then
		client_apt "$root" update
		client_apt "$root" install --no-install-recommends "$@" ||
			skip "cannot install $* ($(tail -n 1 "$TMP/apt.log"))"
	fi
	umount -R "$root"
}

client_apt()
{
	local root=$1

	shift
	DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -q -y "$@" >"$TMP/apt.log" 2>&1 </dev/null
}

# The functions that steps() may use.
client_functions()
{
	cat <<'FUNCTIONS'
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
snap()
{
	[ -z "${BPFCTL-}" ] || "$BPFCTL" sync >/dev/null 2>&1
	{ iptables-save; ip6tables-save; } >"/out/$1" 2>&1
}
wait_until()
{
	local end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $end ] || { echo "timed out: $*"; exit 1; }
		sleep 0.2
	done
}
FUNCTIONS
}

# What README.md tells administrators to do.
client_select_ours()
{
	local family suffix
	for family in iptables ip6tables; do
		for suffix in "" -save -restore; do
			ln -s "$BUILDDIR/xtables-bpf-multi" "/usr/sbin/$family-bpf$suffix"
		done
		update-alternatives --install "/usr/sbin/$family" $family "/usr/sbin/$family-bpf" 5 \
			--slave "/usr/sbin/$family-save" $family-save "/usr/sbin/$family-bpf-save" \
			--slave "/usr/sbin/$family-restore" $family-restore "/usr/sbin/$family-bpf-restore" &&
			update-alternatives --set $family "/usr/sbin/$family-bpf" || return 1
	done
}

# client_side SIDE STEPS: runs STEPS in SIDE's overlay and namespace.
client_side()
{
	local side=$1 steps=$2 root=$LAYERS/$1.root out=$TMP/out/$1 ns

	new_ns ns "$side"
	mkdir "$out"
	overlay "$root" "$LAYERS/$side" "$LAYERS/client/up:/" || fail "cannot mount the overlay of $side"
	mkdir -p "$root/out"
	mount --bind "$out" "$root/out"
	{
		client_functions
		# shellcheck disable=SC2086
		declare -f "$steps" ${CLIENT_FUNCTIONS-}
		if [ "$side" = ours ]; then
			echo "BUILDDIR='$BUILDDIR' BPFCTL='$BUILDDIR/iptables-bpfctl'"
			declare -f client_select_ours
			echo 'client_select_ours >/out/.alternatives 2>&1 || exit 1'
			echo 'iptables -h | grep -q . && readlink -f /usr/sbin/iptables >/out/.program'
		fi
		echo "$steps >/out/.output 2>&1"
		echo 'snap final'
		[ "$side" != ours ] || echo '"$BPFCTL" status >/out/.status 2>&1'
	} >"$root/out/.steps"
	in_ns "$ns" chroot "$root" /bin/bash /out/.steps </dev/null || fail "the steps of $side: $(tail -n 3 "$out/.output")"
	[ "$side" != ours ] || stock "$ns" iptables-save | sed '/--object-pinned .*iptables-bpf.* -j ACCEPT$/d' >"$TMP/stock-reads-ours"
	[ "$side" != stock ] || stock "$ns" iptables-save >"$TMP/stock-reads-stock"
}

# client_compare STEPS [SED_SCRIPT]: everything that the two sides noted must be
# equal, after SED_SCRIPT has removed what differs from run to run.
client_compare()
{
	local steps=$1 clean=${2-} file name side

	client_side stock "$steps"
	client_side ours "$steps"
	[ "$(cat "$TMP/out/ours/.program")" = "$BUILDDIR/xtables-bpf-multi" ] || fail "ours was not selected"
	for side in stock ours; do
		for file in "$TMP/out/$side"/[!.]* "$TMP/out/$side/.output"; do
			no_dates <"$file" | sed -E "s/\[[0-9]+:[0-9]+\]$/[0:0]/; $clean" >"$file.clean"
		done
	done
	for file in "$TMP"/out/stock/*.clean "$TMP/out/stock/.output.clean"; do
		name=$(basename "$file" .clean)
		same "$name" "$TMP/out/ours/$name.clean" "$file"
	done
	for side in reads-stock reads-ours; do
		no_dates <"$TMP/stock-$side" | sed -E "s/\[[0-9]+:[0-9]+\]$/[0:0]/" >"$TMP/stock-$side.clean"
	done
	same "what stock's iptables-save makes of it" "$TMP/stock-reads-ours.clean" "$TMP/stock-reads-stock.clean"
	# shellcheck disable=SC2016
	[ "$(grep -c '^-A' "$TMP/out/stock/most")" -gt "${MIN_RULES:-10}" ] ||
		bad "the client made hardly any rules: $(tail -n 3 "$TMP/out/stock/.output")"
}
