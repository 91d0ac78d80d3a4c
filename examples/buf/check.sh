#!/bin/sh
# check.sh PROTO_DIR HOST:PORT IDENTITY QUERY: one check with buf curl. IDENTITY: <prefix> of .pem, .key and .token.
set -eu
# The token comes by standard input: arguments can be read by everybody on a machine.
{
    printf 'authorization: Bearer %s\n\n' "$(cat "$3.token")"
    printf '{"context": {"purpose": "PURPOSE_TRAFFIC_STOP"}, "query": "%s"}' "$4"
} | "${BUF:-buf}" curl --schema "$1" --protocol grpc --cacert "$(dirname "$3")/server-ca.pem" --cert "$3.pem" --key "$3.key" \
    --header @- --data @- "https://$2/ronda.v1.CheckService/Check"
