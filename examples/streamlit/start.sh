#!/bin/sh
# Usage: start.sh PORT NAME (port 0 takes a free one). What it says first has the address.
set -eu
cd "$(dirname "$0")"
# One secret for all: the cookie against forged uploads is signed with it.
export STREAMLIT_SERVER_COOKIE_SECRET='of an example' STREAMLIT_BROWSER_GATHER_USAGE_STATS=false
exec "${PYTHON:-python3}" -m streamlit run app.py --server.headless=true --server.address=127.0.0.1 --server.port="$1" \
    --server.fileWatcherType=none -- "$2"
