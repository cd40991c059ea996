#!/bin/sh
# Removes log files that have not been written to for a week from the alert's mount point.
#
#   OPENFERO_MOUNTPOINT   from the alert's label
#   HOST_ROOT             where the container mounts the node's file system
#   MAX_AGE_DAYS          minimum age of a log file to remove (7)
#   PAUSE_SECONDS         pause after each file, to spare a busy disk (0)
#   DRY_RUN               "true" only reports what it would remove
set -eu

: "${OPENFERO_MOUNTPOINT:?the alert has no label mountpoint}"
: "${HOST_ROOT:?set HOST_ROOT to the mount point of the node's file system}"
directory="${HOST_ROOT}${OPENFERO_MOUNTPOINT}"

echo "looking for old logs in ${OPENFERO_MOUNTPOINT} on ${OPENFERO_INSTANCE:-an unnamed instance}"
[ -d "$directory" ] || { echo "directory $directory does not exist" >&2; exit 2; }

find "$directory" -type f -name '*.log' -mtime "+${MAX_AGE_DAYS:-7}" | sort | while IFS= read -r file; do
  if [ "${DRY_RUN:-false}" = true ]; then
    echo "would remove ${file#"$HOST_ROOT"}"
    continue
  fi
  rm -f -- "$file"
  echo "removed ${file#"$HOST_ROOT"}"
  sleep "${PAUSE_SECONDS:-0}"
done
echo done
