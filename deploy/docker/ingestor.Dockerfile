# authseal-ingestor: seals the events topic into batches.
#
#   docker build -f deploy/docker/ingestor.Dockerfile -t authseal-ingestor .
#
# Built from the root of the checkout. Runs the sources as they are: Node strips the types.

FROM node:24-slim AS dependencies
WORKDIR /app
# npm wants to see every workspace of the lock file, and installs those that the service needs.
COPY package.json package-lock.json .npmrc ./
COPY schemas/package.json schemas/
COPY ledger/package.json ledger/
COPY runtime/package.json runtime/
COPY producer-sdk/package.json producer-sdk/
COPY ingestor/package.json ingestor/
COPY archiver/package.json archiver/
COPY verifier/package.json verifier/
COPY deploy/package.json deploy/
COPY test/package.json test/
RUN npm ci --omit=dev --ignore-scripts --workspace @authseal/ingestor

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app ./
COPY schemas/src schemas/src
COPY ledger/src ledger/src
COPY runtime/src runtime/src
COPY ingestor/src ingestor/src
# The user `node` by its number, so that Kubernetes can tell that it is not root.
USER 1000
# /livez, /readyz and /metrics
EXPOSE 8080
# A smaller young generation: less memory at the same speed (docs/performance.md).
ENTRYPOINT ["node", "--max-semi-space-size=8", "ingestor/src/main.ts"]
