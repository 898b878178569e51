# An image with the deployer, for pipelines: docker run --rm -v "$PWD:/project" deployer plan --env dev
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements/runtime.txt requirements/
RUN python -m venv /opt/deployer \
    && /opt/deployer/bin/pip install --no-cache-dir --require-hashes --requirement requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY deployer deployer
RUN /opt/deployer/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/deployer/bin/python -m compileall -q /opt/deployer/lib

FROM python:3.11-slim-bookworm
RUN useradd --create-home deployer
COPY --from=build /opt/deployer /opt/deployer
ENV PATH="/opt/deployer/bin:$PATH"
USER deployer
WORKDIR /project
ENTRYPOINT ["deployer"]
