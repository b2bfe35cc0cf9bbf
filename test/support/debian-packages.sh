# Source this file. debian_packages PACKAGE... installs what a check needs, and ends the check if it cannot.
debian_packages() {
  if [ "$#" -eq 0 ]; then return; fi
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null; then
    echo "missing: $*: install them, or run this as root on Debian" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get install --yes --no-install-recommends "$@" > /dev/null \
    || { apt-get update > /dev/null && apt-get install --yes --no-install-recommends "$@" > /dev/null; }
}
