# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Out-of-tree builds: build/release and build/sanitize.

# build_in DIR CONFIGURE_ARGS...: configures when needed, then makes everything (or $BUILD_TARGET).
build_in()
{
	local dir=$BUILD/$1

	shift
	if [ -e "$SRCDIR/config.status" ]; then
		echo "./run: $SRCDIR is configured in place, which an out-of-tree build would pick up: run 'make distclean' there first" >&2
		return 1
	fi
	mkdir -p "$dir" || return 1
	[ -x "$SRCDIR/configure" ] && [ -z "$(find "$SRCDIR" -path "$BUILD" -prune -o \
		\( -name configure.ac -o -name Makefile.am -o -name local.mk \) -newer "$SRCDIR/configure" -print -quit)" ] ||
		logged autogen "$SRCDIR/autogen.sh" || return 1
	if [ ! -e "$dir/Makefile" ] || [ "$SRCDIR/configure" -nt "$dir/Makefile" ]; then
		(cd "$dir" && logged "configure-$(basename "$dir")" "$SRCDIR/configure" -q "$@") || return 1
	fi
	logged "make-$(basename "$dir")" make -C "$dir" -j"$(nproc)" "${BUILD_TARGET:-all}"
}

build_release()
{
	say "Build"
	build_in release --enable-werror
}

build_sanitize()
{
	say "Build with AddressSanitizer and UndefinedBehaviorSanitizer"
	build_in sanitize --enable-werror --enable-sanitizers CFLAGS="-O1 -g"
}

# Whether clang comes with libFuzzer.
libfuzzer_there()
{
	local dir status

	dir=$(mktemp -d) || return 1
	echo 'int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return 0; }' >"$dir/a.c"
	clang -fsanitize=fuzzer,address,undefined -o "$dir/a" "$dir/a.c" 2>/dev/null
	status=$?
	rm -rf "$dir"
	return $status
}

build_libfuzzer()
{
	say "Build for libFuzzer"
	BUILD_TARGET=fuzzers build_in libfuzzer --enable-libfuzzer CC=clang CFLAGS="-O1 -g"
}
