FROM localhost/py:3.7 AS build
USER 0:0
COPY slipway /run/slipway/context
RUN mkdir -p /run/slipway/tmp \
    && export SLIPWAY_DEPENDENCIES=63c26c266a1516dab2a7d1d417b6e35a PYTHONDONTWRITEBYTECODE= \
        HOME=/run/slipway/tmp TMPDIR=/run/slipway/tmp \
        PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_BREAK_SYSTEM_PACKAGES=1 PIP_RETRIES=8 NO_COLOR=1 \
        PIP_CERT=/run/slipway/context/ca.pem SSL_CERT_FILE=/run/slipway/context/ca.pem \
        PIP_CONFIG_FILE=/run/slipway/context/pip.conf \
    && python3 -m venv --system-site-packages /opt/slipway/venv \
    && /opt/slipway/venv/bin/python3 -m pip install --no-compile --requirement /run/slipway/context/requirements.txt \
    && { /opt/slipway/venv/bin/python3 /run/slipway/context/warm.py || true; }

FROM localhost/py:3.7
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
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/slipway/venv /opt/slipway/venv
ENV PATH=/opt/slipway/venv/bin:$PATH
COPY --chown=10001:10001 slipway/serve.py /opt/slipway/serve.py
USER 10001:10001
COPY --chown=10001:10001 model /opt/ml/model
LABEL "dev.slipway.build.id"="0a1b2c3d" \
    "title"="say \"\$HOME\" \\ \\u{a} ü"
