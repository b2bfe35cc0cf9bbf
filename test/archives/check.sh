#!/usr/bin/env bash
# Checks that halonet reads the archives that other programs make as the folders that these extract: GNU tar, bsdtar, Python's
# tarfile and zipfile, Info-ZIP, 7-Zip and WebDataset, also compressed by gzip, pigz and zstd, with hostile names, links and more.
# Then that a zip of 200,000 members
# needs as little memory as a folder.
#
#     test/archives/check.sh [SEED]     default: a random seed (printed)
#
# Needs dist/ (npm run build). Installs the programs on Debian as root, and WebDataset from PyPI into a temporary folder; skips
# WebDataset if pip cannot reach it.
set -euo pipefail
cd "$(dirname "$0")/../.."
. test/support/debian-packages.sh

missing=()
command -v tar > /dev/null || missing+=(tar)
command -v pigz > /dev/null || missing+=(pigz)
command -v zstd > /dev/null || missing+=(zstd)
command -v bsdtar > /dev/null || missing+=(libarchive-tools)
command -v zip > /dev/null || missing+=(zip)
command -v unzip > /dev/null || missing+=(unzip)
command -v 7zz > /dev/null || command -v 7z > /dev/null || missing+=(7zip)
python3 -c 'import ensurepip, venv' 2> /dev/null || missing+=(python3-venv)
debian_packages "${missing[@]}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
webdataset=$folder/webdataset/bin/python
if ! { python3 -m venv "$folder/webdataset" && "$webdataset" -m pip install --quiet --no-input --retries 1 --timeout 20 webdataset==1.0.2; } > "$folder/pip.log" 2>&1
then
  echo "skipping WebDataset: pip could not install webdataset"
  tail -n 3 "$folder/pip.log"
  webdataset=
fi

node dist/test/archives/check.js "$folder" "${1:-$RANDOM}" "$(command -v 7zz || command -v 7z)" "$webdataset"
