import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** The only address that is listened on: the page is for those who are logged in on this machine. */
const LOOPBACK = '127.0.0.1';
const MOST_STREAMS = 8;
/** A browser that does not read gets no more until it has read what is on its way. */
const MOST_UNREAD_BYTES = 2_000_000;

interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** What the web server asks of the source of its data. */
export interface StreamSource {
  /** What a new stream begins with. */
  first(): unknown;
  /** The number of streams has changed. */
  onStreams(count: number): void;
}

/** Serves the files of the page and one stream of values (server-sent events). Nothing can be changed through it. */
export class WebServer {
  readonly #server: Server;
  readonly #assets: ReadonlyMap<string, Asset>;
  readonly #source: StreamSource;
  readonly #streams = new Set<ServerResponse>();

  private constructor(source: StreamSource) {
    this.#source = source;
    this.#assets = readAssets();
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** @param port - 0 is any that is free */
  static async listen(port: number, source: StreamSource): Promise<WebServer> {
    const web = new WebServer(source);
    await new Promise<void>((resolve, reject) => {
      web.#server.once('error', reject);
      web.#server.listen({ host: LOOPBACK, port }, () => {
        web.#server.off('error', reject);
        resolve();
      });
    });
    return web;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://${LOOPBACK}:${this.port}/`;
  }

  /** Lets the process end although the server listens. */
  unref(): void {
    this.#server.unref();
  }

  send(event: string, value: unknown): void {
    if (this.#streams.size === 0) return;
    const text = streamText(event, value);
    for (const stream of this.#streams) if (stream.writableLength < MOST_UNREAD_BYTES) stream.write(text);
  }

  async close(): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    await new Promise<void>(resolve => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#refusalOf(request);
    if (refusal !== null) {
      respond(response, refusal[0], 'text/plain; charset=utf-8', Buffer.from(refusal[1]));
      return;
    }
    const path = (request.url ?? '/').replace(/[?#].*$/s, '');
    if (path === '/stream') {
      this.#open(request, response);
      return;
    }
    const asset = this.#assets.get(path);
    if (asset === undefined)
      respond(response, 404, 'text/plain; charset=utf-8', Buffer.from('There is no such page.\n'));
    else respond(response, 200, asset.type, request.method === 'HEAD' ? null : asset.body);
  }

  #refusalOf({ method, headers }: IncomingMessage): readonly [number, string] | null {
    // A name that some web site lets point to this machine (DNS rebinding) is not one of ours.
    if (!isOwnHost(headers.host, this.port)) return [403, 'This page is served only under 127.0.0.1 and localhost.\n'];
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return [403, 'Other sites get nothing.\n'];
    if (method !== 'GET' && method !== 'HEAD') return [405, 'This page can only be read.\n'];
    return null;
  }

  #open(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'HEAD' || this.#streams.size >= MOST_STREAMS) {
      const status = request.method === 'HEAD' ? 405 : 503;
      respond(response, status, 'text/plain; charset=utf-8', Buffer.from('Too many pages are open.\n'));
      return;
    }
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream; charset=utf-8' });
    response.write(streamText('history', this.#source.first()));
    this.#streams.add(response);
    this.#source.onStreams(this.#streams.size);
    response.once('close', () => {
      this.#streams.delete(response);
      this.#source.onStreams(this.#streams.size);
    });
  }
}

/** Whether a Host header names this machine. */
export function isOwnHost(host: string | undefined, port: number): boolean {
  return host === `127.0.0.1:${port}` || host === `localhost:${port}`;
}

function respond(response: ServerResponse, status: number, type: string, body: Buffer | null): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': type });
  response.end(body ?? undefined);
}

/** JSON has no line breaks outside of its strings, and escapes those inside. */
function streamText(event: string, value: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(value)}\n\n`;
}

function readAssets(): ReadonlyMap<string, Asset> {
  const own = (name: string) => readFileSync(join(__dirname, '../assets', name));
  const script = 'text/javascript; charset=utf-8';
  const style = 'text/css; charset=utf-8';
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', body: own('index.html') }],
    ['/page.js', { type: script, body: own('page.js') }],
    ['/page.css', { type: style, body: own('page.css') }],
    ['/uplot.js', { type: script, body: readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js')) }],
    ['/uplot.css', { type: style, body: readFileSync(require.resolve('uplot/dist/uPlot.min.css')) }],
  ]);
}
