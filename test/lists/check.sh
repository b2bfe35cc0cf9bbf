#!/usr/bin/env bash
# Sends one list through standard input in many ways: check.sh [ways] [seed]. 100 ways of a seed that is drawn and printed when
# not given. Needs dist/ (npm run build), and takes two or three seconds for each way on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."

export HALONET_WAYS="${1:-100}" HALONET_SEED="${2:-$RANDOM}"
npx mocha --timeout 1800000 'dist/test/lists/*.test.js'
