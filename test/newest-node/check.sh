#!/usr/bin/env bash
# Runs a quick subset of the tests on the newest Node of an even major version, 24 or later: those that read and
# write numbers, call ONNX Runtime or sharp, or start processes. Needs dist/ (npm run build) and npm, whose package
# `node` lists the versions; the binary, which has a package per platform, goes to a temporary folder. sharp and
# onnxruntime-node stay the same: they use Node-API, whose binaries do not depend on the version of Node.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

npm view node versions --json > "$folder/versions.json"
node - "$folder/versions.json" > "$folder/newest" << 'SCRIPT'
const { readFileSync } = require('node:fs');
const MINIMUM = 24; // the first even one with Float16Array
const released = JSON.parse(readFileSync(process.argv[2], 'utf8')).filter((version) => /^\d+\.\d+\.\d+$/.test(version));
const even = released.map((version) => version.split('.').map(Number)).filter(([major]) => major % 2 === 0);
const newest = even.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]).at(-1);
if (newest === undefined || newest[0] < MINIMUM) {
  console.error(`npm's registry has no Node ${MINIMUM} or later of an even major version: the newest is ${newest?.join('.')}`);
  process.exit(1);
}
const { platform, arch } = process;
// Named as the install script of `node` names it, which npm may refuse to run.
const name = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node';
console.log(`${name}-${platform}-${arch} ${newest.join('.')}`);
SCRIPT
read -r package version < "$folder/newest"

npm install --prefix "$folder" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund "$package@$version" > "$folder/log" 2>&1 \
  || { cat "$folder/log" >&2 && exit 1; }
node="$folder/node_modules/$package/bin/node"
found=$("$node" --version)
if [ "$found" != "v$version" ]; then
  echo "$package@$version holds Node $found" >&2
  exit 1
fi
echo "Node $version"

# Tests start other processes with process.execPath, which is this Node; shells find it first on PATH.
PATH="$(dirname "$node"):$PATH" "$node" node_modules/mocha/bin/mocha.js \
  'dist/test/formats/**/*.test.js' \
  'dist/test/zstd/*.test.js' \
  'dist/test/images/**/*.test.js' \
  'dist/test/runtime/*.test.js' \
  'dist/test/model/passes/*.test.js' \
  dist/test/model/float16.test.js \
  dist/test/outputs/npy.test.js \
  dist/test/benchmark/gemm-graph.test.js \
  dist/test/stream/run.test.js \
  dist/test/commands/precision.test.js
