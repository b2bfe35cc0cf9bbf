#!/usr/bin/env bash
# Fails calls of the file system in whole runs, at random, fills real disks, then fails every call of small runs, or one in so many:
#
#     test/faults/check.sh [FAULTS [SEED [ONE_IN]]]     100 faults, a seed that is drawn and printed, every call
#
# Needs dist/ (npm run build). On two cores it takes two seconds for each fault, and 10 minutes for the calls.
set -euo pipefail
cd "$(dirname "$0")/../.."

export HALONET_FAULTS="${1:-100}" HALONET_SEED="${2:-$RANDOM}" HALONET_ONE_IN="${3:-1}"
npx mocha --timeout 600000 'dist/test/faults/*.test.js'
