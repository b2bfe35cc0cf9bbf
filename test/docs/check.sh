#!/usr/bin/env bash
# Runs the examples of docs/ in Python, SQL, jq and sqlite3 on outputs of the demo model. Needs dist/ (npm run build).
# Installs Python, jq and SQLite on Debian as root, and Python's packages from PyPI; skips the examples that need them
# if pip cannot reach it.
set -euo pipefail
cd "$(dirname "$0")/../.."
. test/support/debian-packages.sh

missing=()
command -v python3 > /dev/null && python3 -c 'import ensurepip, venv' 2> /dev/null || missing+=(python3-venv)
command -v jq > /dev/null || missing+=(jq)
command -v sqlite3 > /dev/null || missing+=(sqlite3)
debian_packages "${missing[@]}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
python=$folder/venv/bin/python
if ! "$python" -m pip install --quiet --disable-pip-version-check numpy pandas polars duckdb pyarrow onnxruntime pillow \
  > "$folder/pip.log" 2>&1; then
  echo "skipping the examples in Python and SQL: pip could not install what they import"
  tail -n 3 "$folder/pip.log"
  python=
fi
node dist/test/docs/check.js "$python"
