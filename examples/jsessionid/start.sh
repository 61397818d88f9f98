#!/bin/sh
# Usage: start.sh PORT NAME [ROUTE] (port 0 takes a free one). With a route, session ids end with a point and that.
set -eu
app=$(cd "$(dirname "$0")" && pwd)
base=${CATALINA_BASE:-$(mktemp -d)}
mkdir -p "$base/conf" "$base/logs" "$base/temp" "$base/work"
cp "$app/server.xml" "$base/conf/server.xml"
export CATALINA_HOME="${CATALINA_HOME:-/usr/share/tomcat10}" CATALINA_BASE="$base"
export CATALINA_OPTS="-Dport=$1 -Dname=$2 -Droute=${3-} -Dapp=$app/app -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx128m"
exec sh "$CATALINA_HOME/bin/catalina.sh" run
