# The receiver's image. It needs a Python image, of Debian's C library, by digest: one that you have looked at.
#   make image PYTHON_IMAGE=docker.io/library/python:3.13-slim@sha256:…
# tests/test_image.py runs these steps without a container engine, so it must read all that stands here.
ARG PYTHON_IMAGE

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY image/install.sh image/install.sh
COPY requirements/build.txt requirements/runtime.txt requirements/
COPY pyproject.toml README.md LICENSE ./
COPY receiver receiver
RUN ["image/install.sh", "python3", "/app"]

FROM ${PYTHON_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rollback-receiver" \
      org.opencontainers.image.description="Rolls Kubernetes workloads back when Alertmanager says so" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Else each of the 64 threads keeps the memory of the largest message that it has read: eight of them, 1.4 GB.
ENV MALLOC_ARENA_MAX=1
ENV PATH=/app/bin:/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY --from=build /app /app
USER 65532:65532
WORKDIR /
EXPOSE 8080
ENTRYPOINT ["/app/bin/rollback-receiver"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
