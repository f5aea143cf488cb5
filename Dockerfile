# One image per role, from one set of files: --target gateway, worker or sandbox.
FROM node:26.10.0-bookworm-slim AS base
WORKDIR /app
ENV NODE_ENV=production

# What the processes need at run time. The Node that npm brings for `npm start` is the image's own here.
FROM base AS dependencies
COPY package.json package-lock.json ./
COPY apps/gateway/package.json apps/gateway/
COPY apps/sandbox/package.json apps/sandbox/
COPY apps/worker/package.json apps/worker/
COPY bench/package.json bench/
COPY packages/bundler/package.json packages/bundler/
COPY packages/core/package.json packages/core/
COPY packages/executor/package.json packages/executor/
COPY packages/queue/package.json packages/queue/
COPY packages/storage/package.json packages/storage/
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/.bin node_modules/node-linux-* node_modules/node-bin-* /root/.npm

FROM dependencies AS source
COPY packages packages

FROM base AS gateway
COPY --from=source /app ./
COPY apps/gateway apps/gateway
# The database, the first credentials and nothing else is written, and only here.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data
ENV HOST=0.0.0.0 PORT=3000 HOOKLANE_DATA_DIR=/data
VOLUME /data
EXPOSE 3000
USER 10001:10001
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=6 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "apps/gateway/src/main.ts"]

# Where sandbox service and workers meet: the service makes its socket there, and the workers' group may connect.
FROM base AS meeting
COPY --from=source /app ./
RUN install --directory --owner=0 --group=10002 --mode=0750 /run/sandbox

# Writes to /tmp only. Whether it works is seen at the gateway: GET /readyz and /v1/workers.
FROM meeting AS worker
COPY apps/worker apps/worker
USER 10002:10002
CMD ["node", "apps/worker/src/main.ts"]

# Bubblewrap raises the kernel's wall around each hook where the container may make namespaces (docs/security.md).
# Writes to /tmp and makes one socket. As root with SETUID, SETGID and KILL it gives each executor a user of its own;
# as any other user it runs them as itself.
FROM meeting AS sandbox
RUN apt-get update \
  && apt-get install --yes --no-install-recommends bubblewrap \
  && rm -rf /var/lib/apt/lists/*
COPY apps/sandbox apps/sandbox
USER 0:10002
CMD ["node", "apps/sandbox/src/main.ts"]
