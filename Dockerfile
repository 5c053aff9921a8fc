FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements-uv.lock requirements.lock ./
RUN python -m venv /app/.venv \
    && /app/.venv/bin/pip install --require-hashes -r requirements-uv.lock \
    && /app/.venv/bin/uv pip sync --python /app/.venv/bin/python --require-hashes requirements.lock
COPY . .
RUN /app/.venv/bin/uv pip install --python /app/.venv/bin/python --no-deps --no-build-isolation --editable .

FROM python:3.11-slim
# The data folder belongs to the user before a volume is put there: a new volume takes its owner over.
RUN useradd --create-home plagewatch && install -d -o plagewatch -g plagewatch /home/plagewatch/data
WORKDIR /app
COPY --from=build --chown=plagewatch /app /app
USER plagewatch
ENV PATH="/app/.venv/bin:$PATH" PLAGEWATCH_DATA_DIR=/home/plagewatch/data
EXPOSE 8000
CMD ["plagewatch", "serve"]
