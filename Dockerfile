# One image for each program, by --target: ingest, worker, dashboard; and for the local stack devcluster, loader.
#
# Classic builder and BuildKit both build it. `pnpm images` builds all of them with labels and a fixed time, prints their
# sizes, and with --verify builds them twice and compares.
#
# Releases name the images by digest: --build-arg NODE_IMAGE=node:26-trixie-slim@sha256:…
ARG NODE_IMAGE=node:26-trixie-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs26-debian13:nonroot
ARG BUSYBOX_IMAGE=busybox:stable

FROM ${NODE_IMAGE} AS build
WORKDIR /src
ENV CI=true npm_config_allow_scripts=pnpm npm_config_update_notifier=false
# Fetched by the lock file alone, so that a change of the source fetches nothing.
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
RUN npm install --global "$(node --print "require('./package.json').packageManager")" && pnpm fetch
COPY . .
RUN pnpm install --offline --frozen-lockfile
ARG SOURCE_DATE_EPOCH=0
RUN node scripts/bundle.mjs /out && find /out -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} +

# The containers of Jobs run inside of the development cluster's container, which therefore needs a shell and its tools.
FROM ${BUSYBOX_IMAGE} AS tools
ARG SOURCE_DATE_EPOCH=0
RUN mkdir -p /out/usr/local/bin && cp /bin/busybox /out/usr/local/bin/ \
  && for name in $(/bin/busybox --list); do test -e "/out/usr/local/bin/$name" || ln -s busybox "/out/usr/local/bin/$name"; done \
  && find /out -exec touch -h -d "@${SOURCE_DATE_EPOCH}" {} +

FROM ${RUNTIME_IMAGE} AS runtime
ARG VERSION=0.0.0-dev
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE_URL=
LABEL org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE_URL}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="Opifer"
ENV NODE_ENV=production OPIFER_REVISION=${REVISION} OPIFER_CREATED=${CREATED}
# Distroless calls it nonroot. Node is the first process, and is told of SIGTERM itself.
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["/nodejs/bin/node", "/app/bin/main.mjs"]
CMD []

FROM runtime AS ingest
LABEL org.opencontainers.image.title="opifer-ingest" \
      org.opencontainers.image.description="Takes Alertmanager's webhooks and enqueues a run for each alert"
COPY --from=build /out/ingest /
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["/nodejs/bin/node", "/app/healthcheck.mjs", "http://127.0.0.1:8080/readiness"]

FROM runtime AS worker
LABEL org.opencontainers.image.title="opifer-worker" \
      org.opencontainers.image.description="Makes a Kubernetes Job of each run and follows it to its end"
# A sixth less memory on machines that have much, at no cost in time that could be measured here.
ENV NODE_OPTIONS=--max-semi-space-size=8 MALLOC_ARENA_MAX=2
COPY --from=build /out/worker /
EXPOSE 8081
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["/nodejs/bin/node", "/app/healthcheck.mjs", "http://127.0.0.1:8081/readiness"]

FROM runtime AS dashboard
LABEL org.opencontainers.image.title="opifer-dashboard" \
      org.opencontainers.image.description="Shows what became of every alert"
COPY --from=build /out/dashboard /
EXPOSE 8082
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["/nodejs/bin/node", "/app/healthcheck.mjs", "http://127.0.0.1:8082/readiness"]

FROM runtime AS loader
LABEL org.opencontainers.image.title="opifer-loader" \
      org.opencontainers.image.description="Loads the sample Operarios of the local stack"
COPY --from=build /out/loader /

FROM runtime AS devcluster
LABEL org.opencontainers.image.title="opifer-devcluster" \
      org.opencontainers.image.description="For development only: a Kubernetes API that runs Jobs inside of its container"
COPY --from=tools /out /
COPY --from=build /out/devcluster /
EXPOSE 6443
