#!/usr/bin/env bash
# Compares decoded and preprocessed images of many formats and sizes with Pillow's: check.sh [SEED [SIZES]].
# Needs dist/ (npm run build). Installs Pillow if it is missing, which takes root on Debian; PYTHON names another
# interpreter that has it.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${PYTHON:-python3}
if ! "$python" -c 'import PIL' 2> /dev/null; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null; then
    echo "$python has no Pillow: install python3-pil, set PYTHON to one that has it, or run this as root on Debian" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get install --yes --no-install-recommends python3-pil > /dev/null \
    || { apt-get update > /dev/null && apt-get install --yes --no-install-recommends python3-pil > /dev/null; }
  python=/usr/bin/python3 # Debian's Python, for which Debian's Pillow is installed
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" test/pillow/make_crops.py "$folder" "${1:-1}" "${2:-40}"
HALONET_CROPS=$folder npx mocha --timeout 600000 'dist/test/pillow/*.test.js'
