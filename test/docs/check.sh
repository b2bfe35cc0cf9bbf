#!/usr/bin/env bash
# Runs the examples of docs/ in Python, SQL, jq and sqlite3 on outputs of the demo model. Needs dist/ (npm run build) and PyPI;
# Python, jq and SQLite are installed where this is Debian and we are root.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing=()
command -v python3 > /dev/null && python3 -c 'import ensurepip, venv' 2> /dev/null || missing+=(python3-venv)
command -v jq > /dev/null || missing+=(jq)
command -v sqlite3 > /dev/null || missing+=(sqlite3)
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null; then
    echo "missing: ${missing[*]}: install them, or run this as root on Debian" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get install --yes --no-install-recommends "${missing[@]}" > /dev/null \
    || { apt-get update > /dev/null && apt-get install --yes --no-install-recommends "${missing[@]}" > /dev/null; }
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  numpy pandas polars duckdb onnxruntime pillow
node dist/test/docs/check.js "$folder/venv/bin/python"
