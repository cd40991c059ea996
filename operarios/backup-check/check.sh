#!/bin/sh
# Looks whether a backup of the last day is there. It can't make one: when none is there it fails, with 3, so that a
# person is told with the facts at hand.
set -eu

directory="${HOST_ROOT:-}${BACKUP_DIRECTORY:-/var/backups}"

echo "looking for a backup of the last 24 hours in ${BACKUP_DIRECTORY:-/var/backups}"
if [ -d "$directory" ] && [ -n "$(find "$directory" -type f -mtime -1 | head -n 1)" ]; then
  echo "a recent backup is there"
  exit 0
fi
echo "no backup of the last 24 hours for job ${OPENFERO_JOB:-unknown}: somebody must look" >&2
exit 3
