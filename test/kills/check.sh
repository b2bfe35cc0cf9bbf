#!/usr/bin/env bash
# Kills runs at random moments and resumes them, then cuts the power at every moment of small runs, or at one in ONE_IN:
#
#     test/kills/check.sh [KILLS [SEED [ONE_IN]]]     default: 200 kills, a random seed (printed), every moment
#
# Needs dist/ (npm run build). If there are fewer kills than kinds of runs, the seed decides which are killed. On two cores it takes
# some 20 seconds per kind, a second per kill, and 13 minutes for the power cuts.
set -euo pipefail
cd "$(dirname "$0")/../.."

export HALONET_KILLS="${1:-200}" HALONET_SEED="${2:-$RANDOM}" HALONET_ONE_IN="${3:-1}"
npx mocha --timeout 600000 'dist/test/kills/*.test.js'
