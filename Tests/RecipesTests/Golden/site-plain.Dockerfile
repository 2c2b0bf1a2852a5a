FROM localhost/py:3.7 AS build
USER 0:0
COPY slipway/system /run/slipway/system
RUN SLIPWAY_SYSTEM=KEY \
    sh /run/slipway/system/install.sh
ARG CMAKE_ARGS
ARG MAX_JOBS
COPY slipway/dependencies /run/slipway/dependencies
RUN SLIPWAY_DEPENDENCIES=KEY SLIPWAY_ENV_MANAGER=local SLIPWAY_INSTALLER=pip SLIPWAY_PYTHON=3.7 SLIPWAY_TARGET=venv \
    sh /run/slipway/dependencies/install.sh

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
COPY slipway/system /run/slipway/system
RUN SLIPWAY_SYSTEM=KEY \
    sh /run/slipway/system/install.sh
COPY --from=build /opt/slipway /opt/slipway
ENV PATH=/opt/slipway/venv/bin:$PATH
COPY --chown=10001:10001 slipway/serve.py /opt/slipway/serve.py
USER 10001:10001
COPY --chown=10001:10001 model /opt/ml/model
LABEL "dev.slipway.build.id"="0a1b2c3d" \
    "title"="say \"\$HOME\" \\ \\u{a} ü"
