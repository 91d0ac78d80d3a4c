# The server and indexer image, from the same steps as ./run build. No demo data, no tests.
FROM debian:trixie-slim AS build
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
        python3 python3-venv python3-dev gcc libc6-dev liblmdb-dev libssl-dev libxxhash-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements/app.lock requirements/app.lock
RUN python3 -m venv /opt/ronda && /opt/ronda/bin/pip install -q --require-hashes -r requirements/app.lock
COPY setup.py pyproject.toml README.md LICENSE ./
COPY proto proto
COPY ronda ronda
COPY core core
COPY server server
COPY indexer indexer
COPY clients clients
COPY bench bench
RUN /opt/ronda/bin/pip install -q --no-deps --no-build-isolation .

FROM debian:trixie-slim
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends python3 liblmdb0 libssl3t64 \
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
