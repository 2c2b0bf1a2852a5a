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
RUN --mount=type=bind,source=slipway,target=/run/slipway/context \
    --mount=type=cache,id=slipway-downloads,target=/run/slipway/cache \
    --mount=type=tmpfs,target=/run/slipway/tmp \
    export SLIPWAY_DEPENDENCIES=691d9428d8795095d3d96b0b15d83368 PYTHONDONTWRITEBYTECODE= \
        HOME=/run/slipway/tmp TMPDIR=/run/slipway/tmp \
        PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_BREAK_SYSTEM_PACKAGES=1 PIP_RETRIES=8 NO_COLOR=1 \
        UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_HTTP_RETRIES=8 \
        PIP_CACHE_DIR=/run/slipway/cache/pip UV_CACHE_DIR=/run/slipway/cache/uv UV_LINK_MODE=copy \
    && python3 -m pip install --no-deps --no-compile --target /run/slipway/tmp/uv uv==0.13.9 \
    && /run/slipway/tmp/uv/bin/uv pip install --system --break-system-packages --index-strategy unsafe-best-match --no-compile --requirement /run/slipway/context/requirements.txt \
    && { python3 /run/slipway/context/warm.py || true; }
COPY --chown=10001:10001 slipway/serve.py /opt/slipway/serve.py
USER 10001:10001
COPY --chown=10001:10001 model /opt/ml/model
