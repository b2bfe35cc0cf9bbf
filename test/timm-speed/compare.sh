#!/usr/bin/env bash
# Compares the speed of halonet and timm on this machine: compare.sh [ROUNDS]. Installs PyTorch and timm into a virtual
# environment, takes some minutes, and needs an otherwise idle machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${TMPDIR:-/tmp}/halonet-timm
if ! "$python/bin/python" -c 'import timm, safetensors' 2>/dev/null; then
  python3 -m venv "$python"
  "$python/bin/pip" install --quiet torch torchvision timm safetensors --index-url https://download.pytorch.org/whl/cpu --extra-index-url https://pypi.org/simple ||
    "$python/bin/pip" install --quiet torch torchvision timm safetensors
fi
npm run --silent build
"$python/bin/python" test/timm-speed/compare.py bin/halonet.cjs "${1:-5}"
