#!/usr/bin/env bash
# Holds the CSV of classify, embed, features and NPY's index, of files with hostile names, against what Python's csv,
# csv-parse, SQLite and DuckDB read. Needs dist/ (npm run build); Python and SQLite are installed where this is Debian
# and we are root, DuckDB comes from npm into a temporary folder and is left out where npm does not reach it.
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
  echo "DuckDB is left out: npm could not install @duckdb/node-api"
  tail -n 3 "$folder/npm.log"
  duckdb=
fi

node dist/test/csv-readers/check.js "$folder" "$duckdb"
