#!/bin/sh
# Reports how full the mount point is once its alert has resolved.
set -eu

: "${OPENFERO_MOUNTPOINT:?the alert has no label mountpoint}"
directory="${HOST_ROOT:-}${OPENFERO_MOUNTPOINT}"

echo "${OPENFERO_ALERTNAME} on ${OPENFERO_INSTANCE:-an unnamed instance} is resolved"
echo "log files left in ${OPENFERO_MOUNTPOINT}: $(find "$directory" -type f -name '*.log' | wc -l)"
df -k "$directory"
