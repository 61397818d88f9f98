#!/bin/sh
# Usage: start.sh PORT NAME (port 0 takes a free one). What it says first has the address.
set -eu
sessions=${SESSIONS:-$(mktemp -d)}
cd "$(dirname "$0")"
NAME=$2 exec php -S "127.0.0.1:$1" -d "session.save_path=$sessions" index.php
