# syntax=docker/dockerfile:1
# One image for all parts of the shop: the command says which one a container is.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS packages
RUN python -m venv --without-pip /venv
COPY requirements.txt /
# Wheels only: nothing is compiled, and no compiler is needed.
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /venv/bin/python install --disable-pip-version-check --no-input \
        --require-hashes --only-binary :all: -r /requirements.txt

FROM python:${PYTHON}-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# /data takes the mark of its owner to a volume that is mounted there.
RUN groupadd --gid 10001 shop \
 && useradd --uid 10001 --gid shop --no-create-home --home-dir /app shop \
 && install -d -o shop -g shop /data
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
RUN python -m compileall -q .
USER 10001:10001
EXPOSE 8000
CMD ["python", "-m", "services.order"]
