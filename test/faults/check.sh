#!/usr/bin/env bash
# Fails calls of the file system in whole runs, at random, and fills real disks: check.sh [faults] [seed]. 100 faults of a seed that
# is drawn and printed when not given. Needs dist/ (npm run build), and takes two seconds for each fault on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."

export HALONET_FAULTS="${1:-100}" HALONET_SEED="${2:-$RANDOM}"
npx mocha --timeout 600000 'dist/test/faults/*.test.js'
