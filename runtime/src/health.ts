/**
 * One HTTP server for whoever watches the process: /livez (restart me), /readyz (count on me) and
 * /metrics (Prometheus text).
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { RuntimeError } from './error.ts';

/** Reasons against, in plain words; none when all is well. */
export type Check = () => readonly string[];

export interface HealthOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  registry: Registry;
  /** Reasons to restart the process: what it will not get out of by itself. */
  live: Check;
  /** Reasons why it does not do its work now. */
  ready: Check;
}

export interface HealthServer {
  port: number;
  close(): Promise<void>;
}

/** @throws RuntimeError PORT_UNAVAILABLE */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const { host, port } = options;
  const server = createServer((request, response) => {
    answer(request, response, options).catch((cause: unknown) => {
      // A check or a metric threw: not healthy, and the watcher shall see it.
      send(response, 500, 'application/json', JSON.stringify({ reasons: [String(cause)] }));
    });
  });
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const message = `cannot listen on ${host}:${port} for health and metrics: free the port or set AUTHSEAL_HTTP_PORT`;
    throw new RuntimeError('PORT_UNAVAILABLE', message, { cause });
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: HealthOptions) {
  const { registry, live, ready } = options;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return send(response, 405, 'text/plain', 'GET or HEAD only\n');
  }
  switch (request.url?.split('?')[0]) {
    case '/livez':
      return sendCheck(response, live());
    case '/readyz':
      return sendCheck(response, ready());
    case '/metrics':
      return send(response, 200, registry.contentType, await registry.metrics());
    default:
      return send(response, 404, 'text/plain', '/livez, /readyz or /metrics\n');
  }
}

function sendCheck(response: ServerResponse, reasons: readonly string[]) {
  const status = reasons.length === 0 ? 200 : 503;
  send(response, status, 'application/json', JSON.stringify({ ok: status === 200, reasons }));
}

/** Node leaves the body out by itself when the request was HEAD. */
function send(response: ServerResponse, status: number, type: string, body: string) {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
