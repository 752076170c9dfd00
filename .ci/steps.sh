# What .ci/run and .ci/full share: sourced by them, from the folder of the project.
# shellcheck shell=bash disable=SC2034 # what is set here is used there
set -euo pipefail
exec </dev/null

# Packages with goroutines of their own or unsafe pointers: they run under the race detector, which checks both.
concurrent=(./checkpoint ./dataset ./internal/fetch ./internal/kernel ./internal/memory ./internal/op ./internal/photo
	./internal/report ./internal/rundir ./internal/runstate ./internal/solver ./internal/terminal ./internal/train)
# Packages whose results depend on the kernels or the architecture: they also run on generic Go and on arm64.
numeric=(./blocks ./checkpoint ./dataset ./internal/kernel ./internal/memory ./internal/op ./internal/photo ./internal/rng
	./internal/solver ./model)
# Tests that count bytes, to which the race detector adds its own; the fuzz targets do.
counting='^(TestMemoryBound|TestCountBounds|TestLargeDamagedCheckpoint|Fuzz.*)$|^TestScripts$/^memory$'

# step NAME COMMAND... announces a check, runs it and prints how long it took.
# The command stands alone, not in a condition, so that `set -e` holds inside it.
current='' start=0
step() {
	current=$1 start=$SECONDS
	shift
	printf '\n=== %s\n' "$current"
	"$@"
	printf '=== %s: ok, %d s\n' "$current" $((SECONDS - start))
	current=''
}
trap '[ -z "$current" ] || printf "=== %s: FAILED after %d s\n" "$current" $((SECONDS - start))' EXIT

skip() { printf '\n=== %s: skipped, %s\n' "$1" "$2"; }

passed() { printf '\nall checks of %s passed in %d s\n' "$1" "$SECONDS"; }

has() { command -v "$1" >/dev/null; }

# install PACKAGE... installs Debian packages where that is possible; never fails.
install() {
	if [ "$(id -u)" != 0 ] || ! has apt-get; then
		echo "not root on Debian: $* not installed"
		return 0
	fi
	export DEBIAN_FRONTEND=noninteractive
	timeout 90 apt-get install -y -q "$@" >/dev/null 2>&1 ||
		{ timeout 60 apt-get update -q >/dev/null 2>&1 && timeout 90 apt-get install -y -q "$@" >/dev/null 2>&1; } ||
		echo "$*: not to be had here"
}

real_data() {
	install dataset-fashion-mnist
	if [ -d /usr/share/datasets/fashion-mnist ]; then
		echo 'real Fashion-MNIST: present'
	else
		echo 'real Fashion-MNIST: absent; the tests that need it say so and skip'
	fi
}

has_race() { has "${CC:-cc}"; }

# raced ARGUMENT... tests under the race detector.
raced() { CGO_ENABLED=1 go test -race "$@"; }

has_qemu() {
	has qemu-aarch64 || step 'qemu' install qemu-user
	has qemu-aarch64
}

# on_arm64 SKIPPED ARGUMENT... tests the numeric packages as an arm64 machine would. TestFileSizeLimit
# starts its own binary again, which only the kernel of such a machine can.
on_arm64() {
	GOARCH=arm64 CGO_ENABLED=0 go test -exec qemu-aarch64 -skip "^(TestFileSizeLimit|$1)\$" "${@:2}" "${numeric[@]}"
}

cross() { # cross OS ARCH: builds the program
	GOOS=$1 GOARCH=$2 CGO_ENABLED=0 go build -o /dev/null ./cmd/vggtrain
}

vet_for() { # vet_for OS ARCH
	GOOS=$1 GOARCH=$2 CGO_ENABLED=0 go vet ./...
}
