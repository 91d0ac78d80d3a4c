#!/bin/sh
# build.sh CONTRACT OUT: stubs and Check.class. CONTRACT: ronda-contract.zip, unpacked. With Debian's packages libgrpc-java,
# libnetty-tcnative-java (Debian's netty has ALPN by it alone), libgeronimo-annotation-1.3-spec-java, protobuf-compiler and
# protobuf-compiler-grpc-java-plugin. Then:
# java -cp "$(cat OUT/classpath)" Check HOST PORT IDENTITY QUERY
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
contract="$(cd "$1" && pwd)"
mkdir -p "$2/stubs" "$2/classes"
out="$(cd "$2" && pwd)"
cd "$contract/proto" # the files' names, from the descriptor set, which holds what they import too
protoc --descriptor_set_in="$contract/contract.binpb" --java_out="$out/stubs" \
    --plugin="protoc-gen-grpc-java=$(command -v grpc_java_plugin)" --grpc-java_out="$out/stubs" ronda/v1/*.proto
classpath="$out/classes"
for jar in /usr/share/java/grpc-*.jar /usr/share/java/netty*.jar /usr/share/java/perfmark-*.jar /usr/share/java/protobuf.jar \
    /usr/share/java/guava.jar /usr/share/java/failureaccess.jar /usr/share/java/geronimo-annotation-1.3-spec.jar; do
    [ ! -f "$jar" ] || classpath="$classpath:$jar"
done
echo "$classpath" >"$out/classpath"
find "$out/stubs" "$here/src" -name '*.java' >"$out/sources"
javac -nowarn -encoding UTF-8 -d "$out/classes" -cp "$classpath" @"$out/sources"
