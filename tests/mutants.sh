#!/usr/bin/env bash
# Changes one thing at a time in the lines that differ from a base, and runs the tests of that crate: what none of them notices is
# told, and is a failure. Rules, the policy, the log, the vault, the proofs, the views and the SOAP door only: the others are held
# by the tests from outside.
#
# usage: tests/mutants.sh BASE MINUTES DIRECTORY...
set -euo pipefail

base=$1 minutes=$2
shift 2
out=target/mutants
mkdir -p "$out"
since=$(git merge-base HEAD "$base")
sources=() packages=()
for directory in "$@"; do
	sources+=("$directory/src")
	packages+=(--package "$(basename "$directory")")
done
git diff "$since" -- "${sources[@]}" > "$out/change.diff"
if [ ! -s "$out/change.diff" ]; then
	echo "nothing changed in ${sources[*]} since ${since:0:12}"
	exit 0
fi
rm -rf "$out/mutants.out"
status=0
timeout --foreground --signal=INT --kill-after=60 "$((minutes * 60))" \
	cargo mutants --in-diff "$out/change.diff" "${packages[@]}" --test-tool nextest --output "$out" --no-times || status=$?

count() { cat "$out/mutants.out/$1.txt" 2>/dev/null | wc -l; }
echo "mutants since ${since:0:12}: $(count caught) noticed, $(count missed) not noticed, $(count timeout) ran too long, $(count unviable) do not compile"
case $status in
0) ;;
2 | 3) cat "$out/mutants.out/missed.txt" "$out/mutants.out/timeout.txt" 2>/dev/null; exit 1 ;;
*)
	if [ "$status" -eq 124 ] || [ "$status" -eq 130 ]; then
		echo "the time was up after $minutes minutes: the others were not judged (MUTANTS_MINUTES=n)"
		cat "$out/mutants.out/missed.txt" 2>/dev/null
		[ "$(count missed)" -eq 0 ]
	else
		exit "$status"
	fi
	;;
esac
