# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Runs the tests and counts them. A shell or differential test is an executable: exit status 0
# passed, 77 skipped, anything else failed. A unit test program counts by its cmocka cases.

TEST_TIMEOUT=${TEST_TIMEOUT:-900}

passed=0
failed=0
skipped=0
failures=()
failed_logs=() # of each of them, or ""
skips=()
parts=() # what took how long

# count pass|fail|skip NAME [LOG]
count()
{
	local result=$1 name=$2

	case $result in
	pass) passed=$((passed + 1)) ;;
	fail) failed=$((failed + 1)) failures+=("$name") failed_logs+=("${3-}") ;;
	skip) skipped=$((skipped + 1)) skips+=("$name") ;;
	esac
}

# tail_of LOG: of what failed, as far as one wants to read it.
tail_of()
{
	tail -n 30 "$1" | cut -c 1-400 | sed 's/^/         | /'
}

# part NAME CMD...: notes how long that part of all took.
part()
{
	local name=$1 start=$SECONDS

	shift
	"$@"
	parts+=("$name $((SECONDS - start)) s")
}

# count_unit BUILD_NAME: reads what automake's test driver left of each program.
count_unit()
{
	local trs log name cases bad

	for trs in "$BUILD/$1"/tests/unit/*.trs; do
		[ -e "$trs" ] || continue
		log=${trs%.trs}.log
		name="unit ($1) $(basename "${trs%.trs}")"
		cases=$(grep -c '^\[       OK \]' "$log")
		bad=$(grep -c '^\[  FAILED  \] [a-zA-Z_]' "$log")
		if grep -q '^:test-result: PASS' "$trs"; then
			[ "$cases" -gt 0 ] || cases=1
			passed=$((passed + cases))
		elif grep -q '^:test-result: SKIP' "$trs"; then
			count skip "$name"
		else
			passed=$((passed + cases))
			failed=$((failed + (bad > 0 ? bad : 1)))
			failures+=("$name ($log)")
			failed_logs+=("$log")
			tail -n 30 "$log"
		fi
	done
}

unit_tests()
{
	local before=$((passed + failed + skipped))

	say "Unit tests ($1)"
	# The counts come from what each program left behind, not from make's status.
	rm -f "$BUILD/$1"/tests/unit/*.trs
	logged "unit-$1" timeout -k 20 1800 make -C "$BUILD/$1" -j"$(nproc)" -k check
	count_unit "$1"
	[ $((passed + failed + skipped)) -gt "$before" ] || count fail "unit ($1): no test ran (log: build/logs/unit-$1.log)"
}

all_unit_tests()
{
	unit_tests release
	if build_sanitize; then
		unit_tests sanitize
	else
		count fail "build with sanitizers"
	fi
}

# in_time LOG CMD...: CMD, its output in LOG. One that takes longer than TEST_TIMEOUT is ended; LOG then tells what its
# processes were waiting for.
in_time()
{
	local log=$1 test nap status

	shift
	timeout -k 20 "$TEST_TIMEOUT" "$@" >"$log" 2>&1 </dev/null &
	test=$!
	sleep $((TEST_TIMEOUT - 5)) &
	nap=$!
	wait -n "$test" "$nap"
	kill -0 "$test" 2>/dev/null && "$PYTHON" "$SRCDIR/tests/differential/hang.py" "$test" >"$log.hang"
	wait "$test"
	status=$?
	kill "$nap" 2>/dev/null
	wait "$nap" 2>/dev/null
	[ "$status" -lt 124 ] || echo "ended by a signal, or not within $TEST_TIMEOUT s: status $status" >>"$log"
	[ ! -e "$log.hang" ] || cut -c 1-200 "$log.hang" >>"$log"
	rm -f "$log.hang"
	return $status
}

# run_test KIND NAME CMD...: one executable test, counted.
run_test()
{
	local kind=$1 name=$2 log start=$SECONDS status

	shift 2
	mkdir -p "$BUILD/logs"
	log=$BUILD/logs/$kind-$name.log
	in_time "$log" "$@"
	status=$?
	case $status in
	0)
		count pass "$kind/$name"
		printf '   ok    %s/%s (%d s)\n' "$kind" "$name" $((SECONDS - start))
		# What was right only when it was tried again is to be known.
		grep -E ': once more, as it hangs on the clock$|: wrong [0-9] of 3 times$|^failed once: ' "$log" | head -n 5 | sed 's/^/         /'
		;;
	77)
		count skip "$kind/$name: $(tail -n 1 "$log")"
		printf '   skip  %s/%s: %s\n' "$kind" "$name" "$(tail -n 1 "$log")"
		;;
	*)
		count fail "$kind/$name ($log)" "$log"
		printf '   FAIL  %s/%s (%d s, status %d)\n' "$kind" "$name" $((SECONDS - start)) "$status"
		tail_of "$log"
		;;
	esac
}

# wanted NAME PATTERN...: no pattern at all, or one that NAME equals or matches.
wanted()
{
	local name=$1 pattern

	shift
	[ $# -gt 0 ] || return 0
	for pattern in "$@"; do
		# shellcheck disable=SC2053
		[[ $name == ${pattern%.sh} ]] && return 0
	done
	return 1
}

shell_tests()
{
	local test name before=$((passed + failed + skipped))

	say "Shell tests"
	for test in "$SRCDIR"/tests/shell/*.sh; do
		name=$(basename "$test" .sh)
		[ "$name" != lib ] && [ -x "$test" ] && wanted "$name" "$@" || continue
		run_test shell "$name" env BUILDDIR="$BUILD/release" "$test"
		# What it found out, beside that nothing is wrong.
		[ "$name" != corpus_share ] || grep -E '^all |^[0-9]+ of ' "$BUILD/logs/shell-$name.log" | sed 's/^/         /'
	done
	[ $((passed + failed + skipped)) -gt "$before" ] || count fail "shell: no such test: $*"
}

differential_tests()
{
	local name before=$((passed + failed + skipped))

	say "Differential tests against stock iptables-nft"
	for name in $("$PYTHON" "$SRCDIR/tests/differential/cases.py" --list); do
		wanted "$name" "$@" || continue
		run_test differential "$name" env BUILDDIR="$BUILD/release" \
			"$PYTHON" "$SRCDIR/tests/differential/cases.py" "$name"
	done
	[ $((passed + failed + skipped)) -gt "$before" ] || count fail "differential: no such case: $*"
}

vector_tests()
{
	say "Test vectors against stock iptables-nft"
	# Forwarded to run.py: its options, or files.
	run_test vectors run env BUILDDIR="$BUILD/release" "$PYTHON" "$SRCDIR/tests/vectors/run.py" "$@"
	! grep -q 'are SKIPPED' "$BUILD/logs/vectors-run.log" ||
		count skip "vectors: $(grep -m 1 'are SKIPPED' "$BUILD/logs/vectors-run.log")"
	tail -n 1 "$BUILD/logs/vectors-run.log" | sed 's/^/         /'
}

# fuzz_tests SECONDS [SEED]: what it prints is shown as it comes.
fuzz_tests()
{
	say "Fuzzing against stock iptables-nft"
	mkdir -p "$BUILD/logs"
	if env BUILDDIR="$BUILD/release" nice "$PYTHON" "$SRCDIR/tests/differential/fuzz.py" "$@" 2>&1 |
		tee "$BUILD/logs/fuzz.log" && [ "${PIPESTATUS[0]}" = 0 ]; then
		count pass fuzz
	else
		count fail "fuzz ($BUILD/logs/fuzz.log)" "$BUILD/logs/fuzz.log"
	fi
}

# The same cases each time, so that a failure is of the change at hand; `./run fuzz` takes fresh ones.
fuzz_a_little()
{
	say "Fuzzing against stock iptables-nft"
	run_test fuzz same-seed env BUILDDIR="$BUILD/release" "$PYTHON" "$SRCDIR/tests/differential/fuzz.py" 60 1 75
	run_test fuzz other-seed env BUILDDIR="$BUILD/release" "$PYTHON" "$SRCDIR/tests/differential/fuzz.py" 60 1001 75
	tail -n 2 -q "$BUILD"/logs/fuzz-*-seed.log | sed 's/^/         /'
}

# libfuzzer_seeds TARGET DIR: the samples as they are saved; any bytes do.
libfuzzer_seeds()
{
	local sample

	mkdir -p "$2"
	for sample in "$SRCDIR"/tests/samples/*.rules "$SRCDIR"/tests/samples/*.rules6; do
		cp "$sample" "$2/$(basename "$sample")"
	done
	[ ! -d "$SRCDIR/tests/fuzz/kept/$1" ] || cp "$SRCDIR/tests/fuzz/kept/$1"/* "$2"
}

# libfuzzer_tests SECONDS [TARGET...]: each of tests/fuzz for so long, from LIBFUZZER_SEED (0, the default: a random one).
# What it found is in build/logs, and kept
# in tests/fuzz/kept it is tried first from then on.
libfuzzer_tests()
{
	local seconds=$1 target program corpus

	shift
	if ! libfuzzer_there; then
		count skip "libfuzzer: clang comes without its runtime (Debian: apt install libclang-rt-dev)"
		return
	fi
	if ! build_libfuzzer; then
		count fail "build for libFuzzer"
		return
	fi
	say "libFuzzer, $seconds s each"
	for target in restore command decode lower; do
		wanted "$target" "$@" || continue
		program=$BUILD/libfuzzer/tests/fuzz/${target}_fuzz
		corpus=$BUILD/libfuzzer/corpus/$target
		libfuzzer_seeds "$target" "$corpus"
		# In a network of its own, where no name can be asked for.
		TEST_TIMEOUT=$((seconds + 300)) run_test libfuzzer "$target" unshare -rn "$program" -max_total_time="$seconds" \
			-max_len=4096 -timeout=30 -rss_limit_mb=4096 -seed="${LIBFUZZER_SEED:-0}" -print_final_stats=1 -error_exitcode=1 -artifact_prefix="$BUILD/logs/$target-" "$corpus"
		sed -n 's/^stat::number_of_executed_units: */         inputs: /p' "$BUILD/logs/libfuzzer-$target.log"
	done
}

# Programs that use iptables; they are downloaded, so `check' leaves them out.
client_tests()
{
	local test name before=$((passed + failed + skipped))

	say "Clients of iptables"
	for test in "$SRCDIR"/tests/clients/*.sh; do
		name=$(basename "$test" .sh)
		[ "$name" != lib ] && wanted "$name" "$@" || continue
		run_test clients "$name" env BUILDDIR="$BUILD/release" "$test"
	done
	[ $((passed + failed + skipped)) -gt "$before" ] || count fail "clients: no such test: $*"
}

# What failed is told at the very end, its log's end with it: of a long output often nothing else is left.
summary()
{
	local item

	say "Summary (${SECONDS} s)"
	for item in "${parts[@]}"; do
		printf '   took:    %s\n' "$item"
	done
	for item in "${skips[@]}"; do
		printf '   skipped: %s\n' "$item"
	done
	for item in "${failures[@]}"; do
		printf '   failed:  %s\n' "$item"
	done
	for item in "${!failures[@]}"; do
		[ -f "${failed_logs[item]}" ] || continue
		printf '\n   %s\n' "${failures[item]}"
		tail_of "${failed_logs[item]}"
	done
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

check_all()
{
	build_release || die "the build failed: no test was run"
	part "unit tests" all_unit_tests
	part "shell tests" shell_tests
	part "test vectors" vector_tests
	part "differential tests" differential_tests
	part "fuzzing" fuzz_a_little
	LIBFUZZER_SEED=1 part "libFuzzer" libfuzzer_tests 20
	summary
}

# check_only PART NAMES...
check_only()
{
	local part=$1

	shift
	build_release || die "the build failed: no test was run"
	case $part in
	unit) all_unit_tests ;;
	shell) shell_tests "$@" ;;
	vectors) vector_tests "$@" ;;
	check-clients) client_tests "$@" ;;
	differential) differential_tests "$@" ;;
	fuzz) fuzz_tests "$@" ;;
	libfuzzer) libfuzzer_tests "$@" ;;
	esac
	summary
}
