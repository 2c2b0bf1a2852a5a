FROM localhost/py:3.7
USER 0:0
RUN echo 'slipway:x:10001:10001::/home/slipway:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'slipway:x:10001:' >> /etc/group \
    && mkdir -p /opt/ml /home/slipway \
    && chown 10001:10001 /home/slipway
ENV HOME=/tmp JOBLIB_TEMP_FOLDER=/tmp NUMBA_CACHE_DIR=/tmp/.cache/numba \
    PYTHONUNBUFFERED=1 MLFLOW_DISABLE_ENV_CREATION=True
WORKDIR /home/slipway
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=120s --retries=3 \
    CMD ["python3", "/opt/slipway/serve.py", "check"]
ENTRYPOINT ["python3", "/opt/slipway/serve.py"]
CMD []
RUN --mount=type=bind,source=slipway/system,target=/run/slipway/system \
    --mount=type=tmpfs,target=/run/slipway/tmp \
    --mount=type=secret,id=ca_bundle,target=/run/slipway/secrets/ca.pem,required=true \
    SLIPWAY_SYSTEM=KEY \
    sh /run/slipway/system/install.sh
ARG CMAKE_ARGS
ARG MAX_JOBS
RUN --mount=type=bind,source=slipway/dependencies,target=/run/slipway/dependencies \
    --mount=type=tmpfs,target=/run/slipway/tmp \
    --mount=type=cache,id=slipway-downloads,target=/run/slipway/cache \
    --mount=type=secret,id=ca_bundle,target=/run/slipway/secrets/ca.pem,required=true \
    --mount=type=secret,id=netrc,target=/run/slipway/secrets/netrc,required=true \
    SLIPWAY_DEPENDENCIES=KEY SLIPWAY_ENV_MANAGER=local SLIPWAY_INSTALLER=pip SLIPWAY_PYTHON=3.7 \
    sh /run/slipway/dependencies/install.sh
COPY --chown=10001:10001 slipway/serve.py /opt/slipway/serve.py
USER 10001:10001
COPY --chown=10001:10001 model /opt/ml/model
LABEL "dev.slipway.build.id"="0a1b2c3d" \
    "title"="say \"\$HOME\" \\ \\u{a} ü"
