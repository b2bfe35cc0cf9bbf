#!/usr/bin/env bash
# Runs the command line on mutated images, on decompression bombs, on mutated archives and Parquet files, and on the test
# images in Debian's source packages of image libraries. Linux only; needs dist/ (npm run build), and apt-get for the
# packages, which are unpacked into a temporary folder.
#
#     test/fuzz/check.sh [COUNT [SEED [ARCHIVES]]]     default: 5600 images, seed 1, 2500 archives
set -euo pipefail
cd "$(dirname "$0")/../.."

packages='exiv2 freeimage gdk-pixbuf giflib graphicsmagick imagemagick imlib2 jhead leptonlib libavif libexif libgd2
libheif libjpeg-turbo libpng1.6 librsvg libwebp netpbm-free openimageio pillow python-imageio tiff vips'

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fetch() { # downloads the sources of a package to a folder of its name
  mkdir -p "$folder/downloads/$1" "$folder/sources/$1"
  (cd "$folder/downloads/$1" && apt-get "${apt[@]}" source --download-only --only-source "$1" > log 2>&1) || return
  for archive in "$folder/downloads/$1"/*.tar.{gz,bz2,xz}; do
    if [ -e "$archive" ]; then tar -xf "$archive" -C "$folder/sources/$1"; fi
  done
  rm -r "$folder/downloads/$1"
}

mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
apt=(-o "Dir::Etc::sourcelist=$folder/list.sources" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$folder/lists"
  -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User= -o Acquire::Retries=1 -o Acquire::http::Timeout=20)
mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2> /dev/null | head -n 1)
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
cat > "$folder/list.sources" << SOURCES
Types: deb-src
URIs: ${mirror:-http://deb.debian.org/debian}
Suites: ${release:-stable}
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
if command -v apt-get > /dev/null && apt-get "${apt[@]}" update --error-on=any > "$folder/log" 2>&1; then
  for package in $packages; do
    fetch "$package" || echo "skipped: no sources of $package on the mirror"
  done
  node dist/test/fuzz/gather-images.js "$folder/sources" "$folder/torture"
  rm -r "$folder/sources"
  export HALONET_TORTURE="$folder/torture"
else
  echo "skipped: the images of Debian's source packages (mirror unreachable)"
fi

export HALONET_FUZZ_COUNT=${1:-5600} HALONET_FUZZ_SEED=${2:-1} HALONET_FUZZ_ARCHIVES=${3:-2500}
npx mocha --timeout 0 'dist/test/fuzz/*.test.js'
