#!/usr/bin/env bash
# Holds the CSV of classify, embed, features and NPY's index, of files with hostile names, against what Python's csv,
# csv-parse, SQLite and DuckDB read. Needs dist/ (npm run build); Python and SQLite are installed where this is Debian
# and we are root, DuckDB comes from npm into a temporary folder and is left out where npm does not reach it.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing=()
command -v python3 > /dev/null || missing+=(python3-minimal)
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
if npm install --prefix "$folder/duckdb" --no-audit --no-fund --loglevel=error @duckdb/node-api@1.5.6-r.1 > "$folder/npm.log" 2>&1
then
  duckdb=$folder/duckdb
else
  echo "DuckDB is left out: npm could not install @duckdb/node-api"
  tail -n 3 "$folder/npm.log"
  duckdb=
fi

node dist/test/csv-readers/check.js "$folder" "$duckdb"
