#!/usr/bin/env bash
# Kills runs at random moments and goes on with them, then cuts the power at every moment of small runs: check.sh [kills] [seed].
# 200 kills of a seed that is drawn and printed when not given. Needs dist/ (npm run build), and takes a second for each kill on
# two cores, and some minutes for the power.
set -euo pipefail
cd "$(dirname "$0")/../.."

export HALONET_KILLS="${1:-200}" HALONET_SEED="${2:-$RANDOM}"
npx mocha --timeout 600000 'dist/test/kills/*.test.js'
