#!/usr/bin/env bash
# Installs Slurm for test/slurm where it is missing and this system can: Debian or Ubuntu, root, a package mirror. It
# never fails: without Slurm these tests are skipped.
set -u
PATH=$PATH:/usr/sbin
missing=no
for program in munged slurmctld slurmd sbatch; do command -v "$program" >/dev/null 2>&1 || missing=yes; done
if [ "$missing" = no ]; then exit 0; fi
skip() {
  echo "Slurm is not installed for test/slurm: $1" >&2
  exit 0
}
[ "$(id -u)" = 0 ] || skip "installing slurm-wlm and munge needs root"
command -v apt-get >/dev/null 2>&1 || skip "there is no apt-get to install slurm-wlm and munge with"
export DEBIAN_FRONTEND=noninteractive
options=(-y -q --no-install-recommends -o Acquire::Retries=1 -o Acquire::http::Timeout=20)
{ timeout 120 apt-get "${options[@]}" update && timeout 300 apt-get "${options[@]}" install slurm-wlm munge; } >/dev/null 2>&1 ||
  skip "apt-get could not install slurm-wlm and munge"
