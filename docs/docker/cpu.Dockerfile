# docker build -f docs/docker/cpu.Dockerfile -t livecartoon .
# docker run --rm -v "$PWD:/work" livecartoon convert holiday.mp4
FROM python:3.12-slim-bookworm AS build
WORKDIR /source
RUN python -m venv /opt/livecartoon
ENV PATH="/opt/livecartoon/bin:$PATH" PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY constraints.txt ./
# PyTorch's own index has the build without CUDA, which is a tenth of the size.
RUN pip install --extra-index-url https://download.pytorch.org/whl/cpu \
    "$(sed -n 's/^\(torch==.*\)/\1+cpu/p' constraints.txt)"
COPY pyproject.toml README.md LICENSE ./
COPY livecartoon livecartoon
RUN pip install ".[web]" -c constraints.txt

FROM python:3.12-slim-bookworm
# What OpenCV's window library links to; there is no window in here.
# Debian keeps only the newest builds of a release: a pinned one would soon be gone.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 cartoonist
COPY --from=build /opt/livecartoon /opt/livecartoon
ENV PATH="/opt/livecartoon/bin:$PATH" LIVECARTOON_CACHE_DIR=/home/cartoonist/cache
USER 1000
WORKDIR /work
ENTRYPOINT ["livecartoon"]
CMD ["--help"]
