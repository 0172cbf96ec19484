# docker build --tag flow-collector .
# docker run --network host --volume flow-collector:/var/lib/flow-collector flow-collector
ARG PYTHON=3.13
# Databases of countries and autonomous systems that the image has: URLs (docs/geoip.md), or off. They show in the image.
# IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0; where that is not reached, the same from ip-location-db's releases.
# Where neither can be fetched, the image is built without.
ARG GEO_URLS=https://download.db-ip.com/free/dbip-country-lite-{year}-{month}.mmdb.gz|https://github.com/sapics/ip-location-db/releases/download/latest/dbip-country.mmdb,https://download.db-ip.com/free/dbip-asn-lite-{year}-{month}.mmdb.gz|https://github.com/sapics/ip-location-db/releases/download/latest/dbip-asn.mmdb

FROM python:${PYTHON}-slim AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore

# The packages change seldom, the collector often: a layer each.
COPY constraints.txt constraints-build.txt ./
RUN python3 -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes --no-deps -r constraints-build.txt \
    && python3 -m venv --without-pip /opt/flow-collector \
    && /opt/build/bin/pip --python /opt/flow-collector/bin/python3 install --require-hashes --no-deps -r constraints.txt \
    # What only their developers need, 30 MB of it.
    && find /opt/flow-collector -type d \
        \( -path '*/pyarrow/include' -o -path '*/pyarrow/*tests' -o -path '*/numpy/*tests' -o -path '*/matplotlib/tests' \) \
        -prune -exec rm -r {} +

COPY . .
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /tmp/wheel . \
    && /opt/build/bin/pip --python /opt/flow-collector/bin/python3 install --no-deps --no-index /tmp/wheel/*.whl

ARG GEO_URLS
RUN mkdir /opt/geoip \
    && case "$GEO_URLS" in \
        off | "") ;; \
        *) /opt/flow-collector/bin/flow-collector geo update --into /opt/geoip --geo-urls "$GEO_URLS" \
            || echo "WARNING: flows will have no places and AS names until flow-collector geo update has been run" >&2 ;; \
    esac


FROM python:${PYTHON}-slim
# A number, so that Kubernetes' runAsNonRoot can check it.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/flow-collector --shell /usr/sbin/nologin flow-collector \
    && install --directory --owner flow-collector --group flow-collector /var/lib/flow-collector
# Chinese, Japanese and Korean letters for reports, 5 MB. Where it cannot be fetched, the image is built without.
RUN { apt-get update -q && apt-get install -q -y --no-install-recommends fonts-wqy-microhei; } \
    || echo "WARNING: reports will show □ for Chinese, Japanese and Korean letters" >&2; \
    rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/flow-collector /opt/flow-collector
COPY --from=build /opt/geoip /usr/share/flow-collector/geoip

# The web server listens beyond loopback because a published port reaches a container from outside;
# with host networking set FLOW_COLLECTOR_WEB=127.0.0.1:8080, as docker-compose.yml does.
# Databases that `geo update` puts into the volume are preferred to those of the image.
ARG GEO_URLS
ENV PATH=/opt/flow-collector/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FLOW_COLLECTOR_FOLDER=/var/lib/flow-collector \
    FLOW_COLLECTOR_WEB=0.0.0.0:8080 \
    FLOW_COLLECTOR_GEOIP=/var/lib/flow-collector,/usr/share/flow-collector/geoip \
    FLOW_COLLECTOR_GEO_URLS=$GEO_URLS

USER 10001:10001
WORKDIR /var/lib/flow-collector
VOLUME /var/lib/flow-collector
EXPOSE 2055/udp 4739/udp 4739/tcp 6343/udp 8080/tcp

# http.client takes no notice of proxy variables. Where it is off, run with --no-healthcheck.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD python3 -c "import http.client, os; \
        page = http.client.HTTPConnection(os.environ['FLOW_COLLECTOR_WEB'], timeout=4); \
        page.request('GET', '/healthz'); raise SystemExit(page.getresponse().status != 200)"

ENTRYPOINT ["flow-collector"]
CMD ["run"]
