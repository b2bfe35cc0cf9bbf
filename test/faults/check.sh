#!/usr/bin/env bash
# Makes random file system calls fail in whole runs, fills real disks, then makes every call of small runs fail, or one
# in ONE_IN:
#
#     test/faults/check.sh [FAULTS [SEED [ONE_IN]]]     default: 100 faults, a random seed (printed), every call
#
# Needs dist/ (npm run build). On two cores it takes two seconds per fault, and 10 minutes for the calls.
set -euo pipefail
cd "$(dirname "$0")/../.."

export HALONET_FAULTS="${1:-100}" HALONET_SEED="${2:-$RANDOM}" HALONET_ONE_IN="${3:-1}"
npx mocha --timeout 600000 'dist/test/faults/*.test.js'
