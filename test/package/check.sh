#!/usr/bin/env bash
# Packs halonet and installs it as README says, in an empty project and as a global command, and runs it there on images
# outside the clone. Needs npm's registry and no other network: halonet must work without what onnxruntime-node
# downloads from elsewhere.
set -euo pipefail
cd "$(dirname "$0")/../.."
clone=$PWD

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/project" "$folder/global"
cp -r fixtures/images "$folder/project/photos"
cp fixtures/codecs/photo.heic fixtures/codecs/rgb.jp2 "$folder/project"

# Prints the matching lines of README, without their comments.
readme() { sed -nE "s/^($1)( +#.*)?\$/\\1/p" README.md; }
pack=$(readme 'npm pack')
global=$(readme 'npm install --global .*\.tgz')
project=$(readme 'npm install .*\.tgz' | grep -v -- --global)
for command in "$pack" "$global" "$project"; do
  if [ "$(wc -l <<< "$command")" -ne 1 ] || [ -z "$command" ]; then
    echo "README does not give exactly one way to pack and install: ${command:-nothing}" >&2
    exit 1
  fi
done

quietly() { "$@" > "$folder/log" 2>&1 || { cat "$folder/log" >&2 && exit 1; }; }

# This clone's npm settings skip the download, which would make the test meaningless.
unset "${!npm_config_onnxruntime@}" ONNXRUNTIME_NODE_INSTALL ONNXRUNTIME_NODE_INSTALL_CUDA
quietly $pack --pack-destination "$folder"
cp "$folder"/halonet-*.tgz "$folder/project"
cd "$folder/project"
export npm_config_prefix="$folder/global" npm_config_audit=false npm_config_fund=false
quietly $global
quietly $project
node "$clone/dist/test/package/check.js" "$folder/project" "$folder/global"
