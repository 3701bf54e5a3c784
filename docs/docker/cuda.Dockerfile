# docker build -f docs/docker/cuda.Dockerfile -t livecartoon:cuda .
# docker run --rm --gpus all -v "$PWD:/work" -v livecartoon:/cache livecartoon:cuda convert holiday.mp4
FROM python:3.12-slim-bookworm AS build
WORKDIR /source
RUN python -m venv /opt/livecartoon
ENV PATH="/opt/livecartoon/bin:$PATH" PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY livecartoon livecartoon
# PyPI's torch brings its own CUDA libraries; only the driver comes from the host.
RUN pip install ".[tensorrt,web]" -c constraints.txt

FROM python:3.12-slim-bookworm
# Debian keeps only the newest builds of a release: a pinned one would soon be gone.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 cartoonist \
    && install -d -o cartoonist /cache
COPY --from=build /opt/livecartoon /opt/livecartoon
# Engines are built once for each card: keep them in a volume.
ENV PATH="/opt/livecartoon/bin:$PATH" LIVECARTOON_CACHE_DIR=/cache \
    NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility,video
USER 1000
VOLUME /cache
WORKDIR /work
ENTRYPOINT ["livecartoon"]
CMD ["--help"]
