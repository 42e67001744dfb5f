# The system alone: alarm and desk under their supervisor. The database is a service of its own, so the embedded one stays out.
FROM node:24.21.0-slim
ENV NODE_ENV=production
WORKDIR /steppewatch
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
COPY . .
RUN install -d -o node -g node -m 0700 /data /keys /backup
USER node
ENV STEPPEWATCH_DATA=/data STEPPEWATCH_KEYS=/keys
VOLUME ["/data", "/keys", "/backup"]
EXPOSE 1883 8080 8081 8090 8091 8883
CMD ["node", "app/supervisor.ts"]
