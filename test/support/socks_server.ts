import { connect, createServer, type Server, type Socket } from 'node:net';
import { Deferred } from './deferred.js';

/** What a client asked a proxy for. */
export interface SocksRequest {
  readonly host: string;
  readonly port: number;
  /** As the client gave them; undefined when it came without. */
  readonly user: { readonly name: string; readonly password: string } | undefined;
}

const VERSION = 5;
const WITHOUT_AUTH = 0;
const WITH_PASSWORD = 2;
const NONE_ACCEPTABLE = 0xff;
/** RFC 1928, "Replies" */
const SUCCEEDED = 0;
export const HOST_UNREACHABLE = 4;

/** A SOCKS5 proxy (RFC 1928, RFC 1929) that leads wherever `route` says. */
export class SocksServer implements AsyncDisposable {
  readonly requests: SocksRequest[] = [];
  /** The user it asks for; undefined takes everybody. */
  user: { readonly name: string; readonly password: string } | undefined;
  /** Where a request leads; a number is the reply that refuses it, null never answers. */
  route: (request: SocksRequest) => { host: string; port: number } | number | null = ({ host, port }) => ({
    host,
    port,
  });
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#listener = createServer(socket => {
      this.#keep(socket);
      this.#serve(socket).catch(() => socket.destroy());
    });
  }

  static async listen(): Promise<SocksServer> {
    const proxy = new SocksServer();
    const listening = new Deferred<undefined>();
    proxy.#listener.listen(0, '127.0.0.1', () => listening.resolve(undefined));
    await listening.promise;
    return proxy;
  }

  get port(): number {
    return (this.#listener.address() as { port: number }).port;
  }

  /** Sockets that are open, to clients and to servers. */
  get socketCount(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = new Deferred<undefined>();
    this.#listener.close(() => closed.resolve(undefined));
    await closed.promise;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  async #serve(socket: Socket): Promise<void> {
    const read = reader(socket);
    const [, methodCount = 0] = await read(2);
    const methods = await read(methodCount);
    const method = this.user === undefined ? WITHOUT_AUTH : WITH_PASSWORD;
    if (!methods.includes(method)) {
      socket.end(Buffer.from([VERSION, NONE_ACCEPTABLE]));
      return;
    }
    socket.write(Buffer.from([VERSION, method]));
    let user: SocksRequest['user'];
    if (method === WITH_PASSWORD) {
      const [, nameLength = 0] = await read(2);
      const name = (await read(nameLength)).toString();
      const [passwordLength = 0] = await read(1);
      user = { name, password: (await read(passwordLength)).toString() };
      const isKnown = name === this.user?.name && user.password === this.user.password;
      socket.write(Buffer.from([1, isKnown ? 0 : 1]));
      if (!isKnown) return;
    }
    const [, , , addressType] = await read(4);
    const host = await hostIn(read, addressType ?? 0);
    const request = { host, port: (await read(2)).readUInt16BE(), user };
    this.requests.push(request);
    const target = this.route(request);
    if (target === null) return;
    const reply = (code: number) => socket.write(Buffer.from([VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]));
    if (typeof target === 'number') {
      reply(target);
      socket.end();
      return;
    }
    const server = connect(target);
    this.#keep(server);
    server.once('connect', () => {
      reply(SUCCEEDED);
      socket.pipe(server);
      server.pipe(socket);
    });
    server.once('close', () => socket.destroy());
    socket.once('close', () => server.destroy());
  }
}

type Read = (size: number) => Promise<Buffer>;

async function hostIn(read: Read, addressType: number): Promise<string> {
  switch (addressType) {
    case 1:
      return [...(await read(4))].join('.');
    case 3: {
      const [length = 0] = await read(1);
      return (await read(length)).toString();
    }
    default:
      throw new Error(`address type ${addressType}`);
  }
}

/** Reads so many bytes, and leaves the rest in the socket. */
function reader(socket: Socket): Read {
  return async size => {
    if (size === 0) return Buffer.alloc(0);
    for (;;) {
      const bytes = socket.read(size) as Buffer | null;
      if (bytes !== null) return bytes;
      if (socket.destroyed) throw new Error('closed');
      const more = new Deferred<undefined>();
      socket.once('readable', () => more.resolve(undefined));
      socket.once('close', () => more.resolve(undefined));
      await more.promise;
    }
  };
}
