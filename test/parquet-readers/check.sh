#!/usr/bin/env bash
# Checks that PyArrow, pandas, polars and DuckDB read the Parquet of classify, embed and features as it is meant: vectors as lists of a
# fixed size with the values of NPY, float16, dictionaries, kept columns of each type, nulls, failed images, hostile text, several row
# groups, no rows.
#
#     test/parquet-readers/check.sh [PYTHON]     default: a virtual environment with these packages, made for the check
#
# Needs dist/ (npm run build). Installs Python on Debian as root, and its packages from PyPI into a temporary folder; skips the check if
# pip cannot reach it.
set -euo pipefail
cd "$(dirname "$0")/../.."
. test/support/debian-packages.sh

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=${1:-}
if [ -z "$python" ]; then
  missing=()
  command -v python3 > /dev/null && python3 -c 'import ensurepip, venv' 2> /dev/null || missing+=(python3-venv)
  debian_packages "${missing[@]}"
  python3 -m venv "$folder/venv"
  python=$folder/venv/bin/python
  if ! "$python" -m pip install --quiet --no-input --disable-pip-version-check --retries 1 --timeout 20 \
    numpy pyarrow pandas polars duckdb > "$folder/pip.log" 2>&1; then
    echo "skipping Parquet readers: pip could not install them"
    tail -n 3 "$folder/pip.log"
    exit 0
  fi
fi

mkdir "$folder/work"
node dist/test/parquet-readers/check.js "$folder/work" "$python"
