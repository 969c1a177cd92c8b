/** A region's S3 endpoint that fails as networks and stores do, in front of one that works. */
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { buffer } from 'node:stream/consumers';

/**
 * - `slow down`: 503, nothing was done
 * - `error after`: it was done, and the answer is 500
 * - `no answer`: it was done, and the connection stays silent until the client has had enough
 * - `cut`: the connection breaks in the middle of the body, of what is sent or of what comes
 * - `trickle`: what is sent passes at 1 kB/s
 * - `away`: the connection is refused
 * - `expired`: 400, the credentials are over
 */
const FAULTS = [
  'slow down',
  'error after',
  'no answer',
  'cut',
  'trickle',
  'away',
  'expired',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Asked for each request; null: it passes. */
export type Choice = (request: IncomingMessage) => Fault | null;

const BYTES_A_SECOND = 1000;
const pass: Choice = () => null;

export class S3Proxy {
  /** How often each fault was made. */
  readonly made: Record<Fault, number>;
  choose: Choice = pass;
  /** Told of each answer that the store gave. */
  answered: (request: IncomingMessage, status: number) => void = () => {};
  readonly #target: URL;
  readonly #server: Server;

  private constructor(target: string) {
    this.made = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
    this.#target = new URL(target);
    this.#server = createServer((request, response) => {
      // A connection that breaks is what this is for.
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async before(target: string): Promise<S3Proxy> {
    const proxy = new S3Proxy(target);
    const { promise, resolve } = Promise.withResolvers<void>();
    proxy.#server.listen(0, '127.0.0.1', resolve);
    await promise;
    return proxy;
  }

  get endpoint(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  pass(): void {
    this.choose = pass;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.choose(request);
    if (fault !== null) this.made[fault] += 1;
    if (fault === 'away') {
      request.socket.destroy();
      return;
    }
    const body = await buffer(request);
    if (fault === 'slow down') return refuse(response, 503, 'SlowDown');
    if (fault === 'expired') return refuse(response, 400, 'ExpiredToken');
    if (fault === 'cut' && body.length > 0) {
      await this.#forward(request, body, body.length >> 1);
      return;
    }
    if (fault === 'trickle') await sleepFor((body.length / BYTES_A_SECOND) * 1000, response);
    const answer = await this.#forward(request, body);
    this.answered(request, answer.response.statusCode ?? 500);
    if (fault === 'error after') return refuse(response, 500, 'InternalError');
    if (fault === 'no answer') return;
    answerWith(response, answer, fault === 'cut');
  }

  /** @param sent bytes after which the connection breaks; by default all are sent */
  async #forward(request: IncomingMessage, body: Buffer, sent = body.length): Promise<Answer> {
    const { hostname, port } = this.#target;
    const { method, url: path } = request;
    // Host stays as it was signed.
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => name !== 'expect'),
    );
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const onward = httpRequest({ hostname, port, method, path, headers, agent: false }, resolve);
    onward.on('error', reject);
    if (sent < body.length) {
      onward.write(body.subarray(0, sent), () => onward.destroy(new Error('cut')));
    } else onward.end(body);
    const response = await promise;
    return { response, body: await buffer(response) };
  }
}

type Answer = { response: IncomingMessage; body: Buffer };

function answerWith(
  response: ServerResponse,
  { response: from, body }: Answer,
  isCut: boolean,
): void {
  response.writeHead(from.statusCode ?? 500, from.headers);
  if (!isCut) {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, body.length >> 1), () => response.destroy());
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>by the test</Message></Error>`,
  );
}

/** Ends early when the client has gone. */
function sleepFor(ms: number, response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  response.on('close', () => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
}
