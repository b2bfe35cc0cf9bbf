#!/usr/bin/env bash
# Measures halonet against timm on this machine: compare.sh [ROUNDS [PYTHON]]. PYTHON is an interpreter that has timm and safetensors; by
# default, PyTorch and timm are installed into a virtual environment. Takes some minutes, on a machine that does nothing else.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${2:-}
if [ -z "$python" ]; then
  venv=${TMPDIR:-/tmp}/halonet-timm
  python=$venv/bin/python
  if ! "$python" -c 'import timm, safetensors' 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet torch torchvision timm safetensors --index-url https://download.pytorch.org/whl/cpu --extra-index-url https://pypi.org/simple ||
      "$venv/bin/pip" install --quiet torch torchvision timm safetensors
  fi
fi
npm run --silent build
"$python" test/timm-speed/compare.py bin/halonet.cjs "${1:-5}"
