#!/usr/bin/env bash
# Checks that Python's csv, csv-parse, SQLite and DuckDB correctly read the CSV of classify, embed and features, and the
# index of NPY, for files with hostile names; and that gzip, zstd, DuckDB, pandas and polars do so for compressed CSV. Needs
# dist/ (npm run build). Installs Python, SQLite and zstd on Debian as root, and DuckDB from npm and pandas and polars from PyPI
# into a temporary folder; skips those that cannot be reached. PYTHON may name a Python that has pandas, polars and zstandard.
set -euo pipefail
cd "$(dirname "$0")/../.."
. test/support/debian-packages.sh

missing=()
command -v python3 > /dev/null || missing+=(python3-minimal)
command -v sqlite3 > /dev/null || missing+=(sqlite3)
command -v zstd > /dev/null || missing+=(zstd)
debian_packages "${missing[@]}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if npm install --prefix "$folder/duckdb" --no-audit --no-fund --loglevel=error @duckdb/node-api@1.5.6-r.1 > "$folder/npm.log" 2>&1
then
  duckdb=$folder/duckdb
else
  echo "skipping DuckDB: npm could not install @duckdb/node-api"
  tail -n 3 "$folder/npm.log"
  duckdb=
fi
python=${PYTHON:-}
if [ -z "$python" ]; then
  python=$folder/python/bin/python
  if ! { python3 -m venv "$folder/python" && "$python" -m pip install --quiet pandas polars zstandard; } > "$folder/pip.log" 2>&1
  then
    echo "skipping pandas and polars: pip could not install them"
    tail -n 3 "$folder/pip.log"
    python=
  fi
fi

node dist/test/csv-readers/check.js "$folder" "$duckdb" "$python"
