#!/bin/sh
# Removes log files that nobody has written to for a week from the mount point that the alert names.
#
#   OPENFERO_MOUNTPOINT   from the alert's label
#   HOST_ROOT             where the node's file system is mounted in the container
#   MAX_AGE_DAYS          age from which a log file is old (7)
#   PAUSE_SECONDS         rest after each file, to be gentle with a busy disk (0)
#   DRY_RUN               "true" only says what it would remove
set -eu

: "${OPENFERO_MOUNTPOINT:?the alert has no label mountpoint}"
: "${HOST_ROOT:?set HOST_ROOT to where the file system of the node is mounted}"
directory="${HOST_ROOT}${OPENFERO_MOUNTPOINT}"

echo "looking for old logs in ${OPENFERO_MOUNTPOINT} on ${OPENFERO_INSTANCE:-an unnamed instance}"
[ -d "$directory" ] || { echo "there is no directory $directory" >&2; exit 2; }

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
