#!/usr/bin/env bash
# Checks the files that `halonet convert` writes with ONNX's own checker, shapes and types included.
# Needs dist/ (npm run build) and Python's onnx, which it installs on Debian as root.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=/usr/bin/python3
if ! "$python" -c 'import onnx' 2> /dev/null; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null; then
    echo "ONNX's checker is missing: install Debian's python3-onnx, or run this as root on Debian" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get install --yes --no-install-recommends python3-onnx > /dev/null \
    || { apt-get update > /dev/null && apt-get install --yes --no-install-recommends python3-onnx > /dev/null; }
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
node dist/test/onnx-checker/make-models.js "$folder"
for precision in fp32 fp16; do
  node bin/halonet.cjs convert demo --precision "$precision" --output "$folder/command.$precision.onnx" --quiet
done

"$python" test/onnx-checker/check.py "$folder"
