#!/usr/bin/env bash
# Checks that Python's csv, csv-parse, SQLite and DuckDB correctly read the CSV of classify, embed and features, and the
# index of NPY, for files with hostile names. Needs dist/ (npm run build). Installs Python and SQLite on Debian as root,
# and DuckDB from npm into a temporary folder; skips DuckDB if npm cannot reach it.
set -euo pipefail
cd "$(dirname "$0")/../.."
. test/support/debian-packages.sh

missing=()
command -v python3 > /dev/null || missing+=(python3-minimal)
command -v sqlite3 > /dev/null || missing+=(sqlite3)
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

node dist/test/csv-readers/check.js "$folder" "$duckdb"
