FROM docker.io/library/python:3.11.7-slim AS build
USER 0:0
COPY slipway /run/slipway/context
RUN mkdir -p /run/slipway/tmp \
    && export SLIPWAY_DEPENDENCIES=691d9428d8795095d3d96b0b15d83368 PYTHONDONTWRITEBYTECODE= \
        HOME=/run/slipway/tmp TMPDIR=/run/slipway/tmp \
        PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_BREAK_SYSTEM_PACKAGES=1 PIP_RETRIES=8 NO_COLOR=1 \
        UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_HTTP_RETRIES=8 \
    && python3 -m pip install --no-deps --no-compile --target /run/slipway/tmp/uv uv==0.13.9 \
    && /run/slipway/tmp/uv/bin/uv venv --no-project --python python3 --system-site-packages /opt/slipway/venv \
    && /run/slipway/tmp/uv/bin/uv pip install --python /opt/slipway/venv/bin/python3 --index-strategy unsafe-best-match --no-compile --requirement /run/slipway/context/requirements.txt \
    && { /opt/slipway/venv/bin/python3 /run/slipway/context/warm.py || true; }

FROM docker.io/library/python:3.11.7-slim
USER 0:0
RUN echo 'slipway:x:10001:10001::/home/slipway:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'slipway:x:10001:' >> /etc/group \
    && mkdir -p /opt/ml /home/slipway \
    && chown 10001:10001 /home/slipway
ENV HOME=/home/slipway PYTHONUNBUFFERED=1 MLFLOW_DISABLE_ENV_CREATION=True
WORKDIR /home/slipway
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=120s --retries=3 \
    CMD ["python3", "/opt/slipway/serve.py", "check"]
ENTRYPOINT ["python3", "/opt/slipway/serve.py"]
CMD []
COPY --from=build /opt/slipway/venv /opt/slipway/venv
ENV PATH=/opt/slipway/venv/bin:$PATH
COPY --chown=10001:10001 slipway/serve.py /opt/slipway/serve.py
USER 10001:10001
COPY --chown=10001:10001 model /opt/ml/model
