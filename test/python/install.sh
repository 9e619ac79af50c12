#!/usr/bin/env bash
# Prints the path of a Python with what test/python needs: torch, numpy, safetensors and pytest. Where there is none it makes
# one in .venv, of Debian's python3-torch (root, a package mirror) and PyPI's safetensors and pytest. It never fails: without
# such a Python these tests are skipped.
set -u
cd "$(dirname "$0")/../.."
has() { "$1" -c "import ${2:-torch, numpy, safetensors, pytest}" >/dev/null 2>&1; }
for python in "${CRH_PYTHON:-}" .venv/bin/python python3 /usr/bin/python3; do
  [ -n "$python" ] && has "$python" && command -v "$(realpath -s "$(command -v "$python")")" && exit 0
done
skip() {
  echo "No Python for test/python: $1" >&2
  exit 0
}
debian=/usr/bin/python3
if ! has "$debian" "torch, numpy, venv, ensurepip"; then
  [ "$(id -u)" = 0 ] || skip "installing python3-torch needs root"
  command -v apt-get >/dev/null 2>&1 || skip "there is no apt-get to install python3-torch with"
  export DEBIAN_FRONTEND=noninteractive
  options=(-y -q --no-install-recommends -o Acquire::Retries=1 -o Acquire::http::Timeout=20)
  { timeout 120 apt-get "${options[@]}" update &&
    timeout 600 apt-get "${options[@]}" install python3-torch python3-numpy python3-venv; } >/dev/null 2>&1 ||
    skip "apt-get could not install python3-torch"
fi
{ "$debian" -m venv --system-site-packages .venv && timeout 300 .venv/bin/python -m pip install -q safetensors pytest; } >/dev/null 2>&1 ||
  skip "pip could not install safetensors and pytest"
has .venv/bin/python || skip "what was installed cannot be imported"
realpath -s .venv/bin/python
