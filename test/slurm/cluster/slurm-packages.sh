#!/usr/bin/env bash
# Installs Debian's Slurm where it is missing, as root. slurm-packages.sh [--accounting]: with its database too.
set -euo pipefail
missing=()
for pair in slurmctld:slurmctld slurmd:slurmd sbatch:slurm-client munged:munge; do command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}"); done
if [ "${1:-}" = --accounting ]; then
  command -v slurmdbd >/dev/null || missing+=(slurmdbd)
  command -v mariadbd >/dev/null || missing+=(mariadb-server)
fi
# For nfs-like.py.
if [ -e /dev/fuse ]; then
  command -v fusermount3 >/dev/null || missing+=(fuse3)
  /usr/bin/python3 -c "import fusepy" 2>/dev/null || missing+=(python3-fusepy)
fi
[ "${#missing[@]}" -gt 0 ] || exit 0
export DEBIAN_FRONTEND=noninteractive
# The packages' own services are not started: slurm-up.sh starts its own, on other ports, sockets and files.
own=0; [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; own=1; }
trap '[ "$own" = 0 ] || rm -f /usr/sbin/policy-rc.d' EXIT
{ apt-get install -y --no-install-recommends "${missing[@]}" || { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; }; } >&2
