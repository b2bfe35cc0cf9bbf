#!/usr/bin/env bash
# Sends one list through standard input in many ways:
#
#     test/lists/check.sh [WAYS [SEED]]     default: 100 ways, a random seed (printed)
#
# Needs dist/ (npm run build). On two cores it takes two or three seconds per way.
set -euo pipefail
cd "$(dirname "$0")/../.."

export HALONET_WAYS="${1:-100}" HALONET_SEED="${2:-$RANDOM}"
npx mocha --timeout 1800000 'dist/test/lists/*.test.js'
