#!/bin/sh
# Checks for a backup from the last day. It can't create one: if there is none it exits with 3, so that the run ends failed
# and an operator sees why.
set -eu

directory="${HOST_ROOT:-}${BACKUP_DIRECTORY:-/var/backups}"

echo "looking for a backup of the last 24 hours in ${BACKUP_DIRECTORY:-/var/backups}"
if [ -d "$directory" ] && [ -n "$(find "$directory" -type f -mtime -1 | head -n 1)" ]; then
  echo "found a recent backup"
  exit 0
fi
echo "no backup of the last 24 hours for job ${OPENFERO_JOB:-unknown}: check the backup job" >&2
exit 3
