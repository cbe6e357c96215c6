# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What building, testing and the demo need, by Debian's package names. Nothing is
# downloaded, not even package lists, when all of it is installed.

LIBBPF_MIN=1.3

PACKAGES=(
	# build
	autoconf automake bison clang flex gcc libc6-dev libelf-dev libmnl-dev
	libnftnl-dev libxtables-dev linux-libc-dev make pkg-config zlib1g-dev
	# run and test
	iproute2 iptables iputils-ping kmod libcmocka-dev mount nftables procps python3 util-linux
)
# Used where the release has them; tests that need one of them skip themselves without it.
PACKAGES_EXTRA=(bpftool conntrack libclang-rt-dev)

package_installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

libbpf_installed()
{
	local version

	package_installed libbpf-dev || return 1
	version=$(dpkg-query -W -f '${Version}' libbpf-dev | sed 's/^[0-9]*://')
	dpkg --compare-versions "$version" ge "$LIBBPF_MIN"
}

# Whether the configured sources offer a libbpf-dev that is new enough.
libbpf_available()
{
	local version

	version=$(apt-cache policy libbpf-dev | sed -n 's/^  Candidate: \([0-9]*:\)\{0,1\}//p')
	[ -n "$version" ] && [ "$version" != '(none)' ] && dpkg --compare-versions "$version" ge "$LIBBPF_MIN"
}

# release_sources CODENAME: the configured one-line sources of the release itself,
# "[options] URI", from one-line and deb822 files alike.
release_sources()
{
	sed -nE "s/^deb +(\[[^]]*\] +)?([^ ]+) +$1 .*/\1\2/p" \
		/etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null
	awk -v suite="$1" '
		function emit(   i, n, s, u, o) {
			n = split(suites, s, " ")
			for (i = 1; i <= n; i++)
				if (s[i] == suite && types ~ /(^| )deb( |$)/ && enabled != "no") {
					split(uris, u, " ")
					o = signed == "" ? "" : "[signed-by=" signed "] "
					print o u[1]
				}
			types = uris = suites = signed = enabled = ""
		}
		/^[ \t]*$/ || FNR == 1 { emit() }
		/^#/ { next }
		{ value = $0; sub(/^[^:]*:[ \t]*/, "", value) }
		tolower($0) ~ /^types:/ { types = value }
		tolower($0) ~ /^uris:/ { uris = value }
		tolower($0) ~ /^suites:/ { suites = value }
		tolower($0) ~ /^signed-by:/ { signed = value }
		tolower($0) ~ /^enabled:/ { enabled = value }
		END { emit() }' /etc/apt/sources.list.d/*.sources /dev/null 2>/dev/null
}

# with_backports CMD ARGS...: runs apt-get with the release's backports added to the
# configured sources, without writing anything below /etc/apt.
with_backports()
{
	local codename source parts status

	# shellcheck disable=SC1091
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	source=$(release_sources "$codename" | head -n 1)
	if [ -z "$source" ]; then
		echo "./run: libbpf-dev >= $LIBBPF_MIN is needed, and no apt source of '$codename' is configured to derive its backports from" >&2
		return 1
	fi
	parts=$(mktemp -d) || return 1
	chmod 755 "$parts"
	cp /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources "$parts" 2>/dev/null
	echo "deb $source $codename-backports main" >"$parts/iptables-bpf-backports.list"
	apt_get -o Dir::Etc::sourceparts="$parts" update &&
		apt_get -o Dir::Etc::sourceparts="$parts" install -t "$codename-backports" "$@"
	status=$?
	rm -rf "$parts"
	return $status
}

apt_get()
{
	DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 "$@" </dev/null
}

install_missing()
{
	local extra offered=()

	apt_get update || return 1
	for extra in "${PACKAGES_EXTRA[@]}"; do
		apt-cache policy "$extra" | grep -q '^  Candidate: [^(]' && offered+=("$extra")
	done
	apt_get install --no-install-recommends "${PACKAGES[@]}" "${offered[@]}" || return 1
	libbpf_installed && return 0
	if libbpf_available; then
		apt_get install --no-install-recommends libbpf-dev
	else
		with_backports --no-install-recommends libbpf-dev libbpf1
	fi
}

# packages_install [PACKAGE...]: those that everything needs, and these.
packages_install()
{
	local package missing=()

	PACKAGES+=("$@")
	[ "${NO_INSTALL:-0}" = 0 ] || return 0
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		echo "./run: no apt here; going on with what is installed (needed: ${PACKAGES[*]}, libbpf >= $LIBBPF_MIN)"
		return 0
	fi
	for package in "${PACKAGES[@]}"; do
		package_installed "$package" || missing+=("$package")
	done
	libbpf_installed || missing+=("libbpf-dev >= $LIBBPF_MIN")
	[ ${#missing[@]} -gt 0 ] || return 0
	say "Packages: installing ${missing[*]}"
	logged packages install_missing || return 1
	libbpf_installed || die "no libbpf-dev >= $LIBBPF_MIN is to be had from the configured apt sources"
}
