#!/usr/bin/env bash
# Soaks `guru tail`: kill -9, rotations of every kind, absences, and time. Usage: tests/soak.sh [ci|full]
#
# ci   the small dose that .ci/run takes too, some four minutes
# full what a release needs, about an hour, with the release build
#
# One dose can be changed by its variable: GURU_SOAK_KILLS=100 tests/soak.sh. A course is repeated with the seed that
# it printed: GURU_SOAK_SEED=… tests/soak.sh ci killed
set -euo pipefail
cd "$(dirname "$0")/.."

dose=${1:-ci}
case $dose in
ci) defaults=(20 40 20 60) build=() ;;
full) defaults=(500 1000 200 1800) build=(--release) ;;
*)
    sed -n '2,5p' "$0" >&2
    exit 2
    ;;
esac
export GURU_SOAK_KILLS=${GURU_SOAK_KILLS:-${defaults[0]}}
export GURU_SOAK_ROTATIONS=${GURU_SOAK_ROTATIONS:-${defaults[1]}}
export GURU_SOAK_AWAY=${GURU_SOAK_AWAY:-${defaults[2]}}
export GURU_SOAK_SECONDS=${GURU_SOAK_SECONDS:-${defaults[3]}}

said=$(mktemp)
trap 'rm -f "$said"' EXIT
code=0
cargo test "${build[@]}" --test soak -- --ignored --nocapture --test-threads=1 "${@:2}" </dev/null 2>&1 | tee "$said" ||
    code=$?

echo
echo "tests/soak.sh $dose: $GURU_SOAK_KILLS kills, $GURU_SOAK_ROTATIONS rotations, $GURU_SOAK_AWAY absences, $GURU_SOAK_SECONDS s"
grep -aoE '(killed|rotated|away|long) +(dose|\{).*' "$said" || true
exit "$code"
