import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { CertificateAuthority } from 'mongotempo-server';
import type { Listener } from '../misbehaviour.js';

export interface Listening {
  readonly port: number;
  /** The certificate to trust, if it speaks TLS. */
  readonly ca?: string;
  misbehave(): void | Promise<void>;
  close(): void;
}

/** @param stream - what is said in the socket: the same, or what TLS makes of it */
type Serve = (stream: Duplex, raw: Socket) => void;

const HOST = '127.0.0.1';
/** More connections than the queue of `syn_dropper.ts` takes. */
const FILLERS = 8;

export function listen(how: Listener, serve: Serve): Promise<Listening> {
  switch (how) {
    case 'usual':
      return accept(socket => serve(socket, socket));
    case 'refuses':
      return refuse(serve);
    case 'hangsInTls':
      return hangInTls(serve);
    case 'dropsSyn':
      return dropSyn(serve);
  }
}

/** Accepts all connections. */
async function accept(onSocket: (socket: Socket) => void): Promise<Listening & { stop(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    misbehave: () => undefined,
    stop: () => void server.close(),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function refuse(serve: Serve): Promise<Listening> {
  const listening = await accept(socket => serve(socket, socket));
  return { ...listening, misbehave: () => listening.stop() };
}

async function hangInTls(serve: Serve): Promise<Listening> {
  const authority = new CertificateAuthority();
  const tls = createTlsServer(authority.issue({ commonName: 'peer', hosts: [HOST] }));
  const sockets = new Map<number | undefined, Socket>();
  let hangs = false;
  tls.on('secureConnection', secure => {
    const raw = sockets.get(secure.remotePort);
    if (raw !== undefined) serve(secure, raw);
  });
  const listening = await accept(socket => {
    if (hangs) return;
    sockets.set(socket.remotePort, socket);
    tls.emit('connection', socket);
  });
  return {
    ...listening,
    ca: authority.certificate,
    misbehave() {
      hangs = true;
    },
  };
}

/** Needs a process of its own, since Node.js accepts whatever comes as long as its event loop turns. */
async function dropSyn(serve: Serve): Promise<Listening> {
  const child = fork(require.resolve('./syn_dropper.js'), { execArgv: [] });
  const sockets: Socket[] = [];
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  child.on('message', (_message, handle) => {
    if (handle === undefined) return;
    const socket = handle as Socket;
    socket.on('error', () => socket.destroy());
    sockets.push(socket);
    serve(socket, socket);
    socket.resume();
  });
  return {
    port,
    async misbehave() {
      child.send('stand still');
      await once(child, 'message');
      for (let index = 0; index < FILLERS; index++) sockets.push(connect(port, HOST).on('error', () => undefined));
    },
    close() {
      child.kill('SIGKILL');
      for (const socket of sockets) socket.destroy();
    },
  };
}
