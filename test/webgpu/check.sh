#!/usr/bin/env bash
# Runs the WebGPU tests on a Vulkan device: the one that VK_DRIVER_FILES or VK_ICD_FILENAMES names, or else SwiftShader,
# a software device that Debian ships with Chromium. Needs dist/ (npm run build), and apt-get for SwiftShader, which is
# unpacked into a temporary folder, not installed.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ]; then
  if ! command -v apt-get > /dev/null; then
    echo "no Vulkan device to test on: name one with VK_DRIVER_FILES, or run this on Debian" >&2
    exit 1
  fi
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  download() { (cd "$folder" && apt-get download chromium-common libvulkan1 > log 2>&1); }
  download || { apt-get update > /dev/null && download; } || { cat "$folder/log" >&2 && exit 1; }
  for package in "$folder"/*.deb; do dpkg-deb -x "$package" "$folder"; done

  loaders=("$folder"/usr/lib/*-linux-gnu)
  export LD_LIBRARY_PATH="${loaders[0]}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  export VK_ICD_FILENAMES="$folder/usr/lib/chromium/vk_swiftshader_icd.json"
  if [ ! -e "$VK_ICD_FILENAMES" ]; then
    echo "Debian's chromium-common no longer has SwiftShader: use another software device, such as Mesa's lavapipe" >&2
    exit 1
  fi
fi

# Software devices are slow, especially on a busy machine.
npx mocha --timeout 300000 'dist/test/webgpu/*.test.js'
