#!/usr/bin/env bash
# The long forms of the tests. One argument: fuzz, kills, long, scale, soak, or all.
#   fuzz  every fuzz target, FUZZTIME (60s) each; PACKAGES narrows it
#   kills processes killed in the middle of their work, full rounds
#   long  all tests with SKYTOWER_PROOF=1, which asks for full rounds
#   scale a fleet of processes under load and faults, for about ten minutes
#   soak  2,000 open streams with churn, for ten minutes: memory and goroutines stay flat
set -euo pipefail
cd "$(dirname "$0")/.."

part=${1:-all}
fuzztime=${FUZZTIME:-60s}
packages=${PACKAGES:-./...}
# As in the Makefile: SQLite's translated code is not what is looked for.
quick=(-gcflags='modernc.org/sqlite/lib=-race=false -d=checkptr=0' -gcflags='modernc.org/libc=-race=false -d=checkptr=0')

fuzz() {
	local package target
	for target in $(cd engine && CGO_ENABLED=0 go test -list '^Fuzz' ./llama | grep '^Fuzz' || true); do
		[ "$packages" = ./... ] || break
		echo "== engine/llama $target ($fuzztime)"
		(cd engine && CGO_ENABLED=0 go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" ./llama)
	done
	for package in $(go list $packages); do
		for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
			echo "== $package $target ($fuzztime)"
			go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" "$package"
		done
	done
}

long() {
	echo "== all tests with full rounds"
	SKYTOWER_PROOF=1 go test -race "${quick[@]}" -count=1 -p 2 -timeout 60m $packages
	(cd test/browser && SKYTOWER_PROOF=1 go test -count=1 -timeout 30m ./...)
}

kills() {
	echo "== kills with full rounds"
	SKYTOWER_PROOF=1 go test -race "${quick[@]}" -count=1 -v -timeout 100m -run 'Kill' ./internal/ledger ./cmd/skytower
}

# fleet runs tests of test/scale: those that the flags choose.
fleet() {
	(cd test/scale && SKYTOWER_PROOF=1 go test -race "${quick[@]}" -count=1 -v -timeout 60m "$@" ./...)
}

scale() {
	echo "== a fleet through its bad days"
	fleet -skip Soak
}

soak() {
	echo "== a soak with open streams"
	fleet -run Soak
}

case "$part" in
fuzz) fuzz ;;
kills) kills ;;
long) long ;;
scale) scale ;;
soak) soak ;;
all) fuzz && long && scale && soak ;;
*)
	echo "no such part: $part (fuzz, kills, long, scale, soak or all)" >&2
	exit 2
	;;
esac
