# The server and indexer image: no demo data, no tests, and at run time no compiler, Cython, grpcio-tools or bench.
# The base is Debian 13 by its name: no registry can be reached from where this is written, so no digest could be read.
# Pin one where you build (docker buildx imagetools inspect debian:trixie-slim), or build the base yourself:
#   debootstrap --variant=minbase trixie base && tar -C base -c . | docker import - ronda-base
#   docker build --build-arg BASE=ronda-base .
# `./run image-check` runs these steps, read from this file, in such a base, and checks what the last stage holds.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS build
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
        ca-certificates python3 python3-venv python3-dev gcc libc6-dev liblmdb-dev libssl-dev libxxhash-dev libnghttp2-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements requirements
COPY setup.py pyproject.toml uv.lock README.md LICENSE NOTICE ./
# For a client too (`ronda console`, `ronda sms`): EXTRAS="--extra desk --extra sms".
ARG EXTRAS=
RUN python3 -m venv /opt/build && /opt/build/bin/pip install -q --require-hashes -r requirements/uv.lock \
    && /opt/build/bin/uv export -q --frozen --no-emit-project --only-group build -o build.lock >/dev/null \
    && /opt/build/bin/uv export -q --frozen --no-emit-project $EXTRAS -o server.lock >/dev/null \
    && /opt/build/bin/pip install -q --require-hashes -r build.lock \
    && python3 -m venv /opt/ronda && /opt/ronda/bin/pip install -q --require-hashes -r server.lock
COPY proto proto
COPY ronda ronda
COPY core core
COPY server server
COPY indexer indexer
COPY clients clients
RUN /opt/build/bin/pip wheel -q --no-deps --no-build-isolation --wheel-dir /wheel . \
    && /opt/ronda/bin/pip install -q --no-index --no-deps /wheel/ronda-*.whl

FROM ${BASE}
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends python3 liblmdb0 libssl3t64 libnghttp2-14 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /var/lib/ronda --create-home --shell /usr/sbin/nologin ronda
COPY --from=build /opt/ronda /opt/ronda
USER ronda
# An address that others can reach needs to know who asks: mount the files and set RONDA_TLS_CERT, RONDA_TLS_KEY and
# RONDA_TRUST (docs/settings.md); the server says so and ends otherwise. Publish the metrics' port inside only.
WORKDIR /var/lib/ronda
ENV PATH=/opt/ronda/bin:$PATH RONDA_DATA=/var/lib/ronda RONDA_LISTEN=0.0.0.0:50051 RONDA_METRICS=0.0.0.0:9464
VOLUME /var/lib/ronda
EXPOSE 50051 9464
STOPSIGNAL SIGTERM
ENTRYPOINT ["ronda"]
CMD ["serve"]
