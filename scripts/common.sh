# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What all parts of ./run share: messages, logs.

say()
{
	printf '== %s\n' "$*"
}

die()
{
	printf './run: %s\n' "$*" >&2
	exit 1
}

need_root()
{
	[ "$(id -u)" = 0 ] || die "'$1' installs packages or makes network namespaces: run it as root (sudo ./run $1)"
}

# logged NAME CMD...: runs CMD with its output in build/logs/NAME.log, shows the end of it on failure.
logged()
{
	local name=$1 log=$BUILD/logs/$1.log start=$SECONDS

	shift
	mkdir -p "$BUILD/logs"
	if "$@" >"$log" 2>&1; then
		printf '   %s: done (%d s)\n' "$name" $((SECONDS - start))
		return 0
	fi
	tail -n 40 "$log" >&2
	printf './run: %s failed; the whole log is %s\n' "$name" "$log" >&2
	return 1
}
