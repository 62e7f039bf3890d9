import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type ClientSocket, Connection } from '../connection/connection.js';
import { type Network } from '../network/network.js';
import { type Deployment } from '../replication/deployment.js';
import { type Member, type Role } from '../replication/member.js';
import { type Certificate, type CertificateAuthority } from '../tls/certificate_authority.js';
import { TlsFront, type TlsPlan } from '../tls/tls_front.js';

/** How a client came. */
type Approach = 'port' | 'load balancer';

/** Where a node listens, and how. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly socketPath: string | undefined;
  readonly tls: TlsPlan | undefined;
}

/** One server process of a cluster: a port, and what listens there. */
export class TestNode {
  readonly #deployment: Deployment;
  readonly #member: Member;
  readonly #host: string;
  readonly #socketPath: string | undefined;
  readonly #connections = new Set<Connection>();
  /** All that are open, also those to which it does not listen (yet). */
  readonly #sockets = new Set<Socket>();
  readonly #tls: TlsFront | undefined;
  #port: number;
  #server: Server | undefined;
  #lastConnectionId = 0;

  /** @internal */
  constructor(deployment: Deployment, member: Member, listen: ListenOptions) {
    this.#deployment = deployment;
    this.#member = member;
    this.#host = listen.host;
    this.#port = listen.port;
    this.#socketPath = listen.socketPath;
    this.#tls = listen.tls === undefined ? undefined : new TlsFront(listen.tls, listen.host);
  }

  /** host:port, or the path of the socket. */
  get address(): string {
    return this.#member.address;
  }

  get port(): number {
    return this.#port;
  }

  get role(): Role {
    return this.#member.role;
  }

  get isRunning(): boolean {
    return this.#server !== undefined;
  }

  /** Client connections that are open now. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Client connections since the cluster started. */
  get connectionsCreated(): number {
    return this.#member.connectionsCreated;
  }

  /** Resets all connections and closes the port, as when the process is killed. */
  async kill(): Promise<void> {
    if (this.#server === undefined) return;
    await this.#shut(connection => connection.reset());
    this.#member.goDown();
    this.#deployment.replicaSet?.memberWentDown();
  }

  /** Starts a killed node again on its old port, with the data of its set. */
  async restart(): Promise<void> {
    if (this.#server !== undefined) return;
    await this.listen();
    const { ids, clock, replicaSet } = this.#deployment;
    this.#member.comeUp(ids.objectId(clock.wallTime()));
    replicaSet?.memberCameUp(this.#member);
  }

  /** Delays, cuts and breaks what goes between this node and its clients. */
  get network(): Network {
    return this.#member.network;
  }

  /** Shows another certificate to new connections. @throws Error without TLS. */
  useCertificate(certificate: Certificate, authority: CertificateAuthority): void {
    if (this.#tls === undefined) throw new Error('The cluster was started without TLS');
    this.#tls.use(certificate, authority);
  }

  /** @internal */
  get member(): Member {
    return this.#member;
  }

  /** @internal Takes a connection that came in by its own port or through a load balancer. */
  accept(raw: Socket, by: Approach): void {
    this.#sockets.add(raw);
    raw.once('close', () => this.#sockets.delete(raw));
    // An error that comes before the socket is served must not end the process.
    raw.on('error', () => undefined);
    const { accepting } = this.network;
    if (accepting === 'usual') this.#serve(raw, by);
    else if (accepting !== 'silent') this.#deployment.timers.set(accepting.afterMS, () => this.#serve(raw, by));
  }

  #serve(raw: Socket, by: Approach): void {
    if (this.#tls === undefined) this.#connect({ socket: raw, raw, subject: undefined }, by);
    else this.#tls.secure(raw, client => this.#connect(client, by));
  }

  #connect(client: ClientSocket, by: Approach): void {
    if (client.socket.destroyed) return;
    const id = ++this.#lastConnectionId;
    const connection = new Connection(client, this.#member, this.#deployment, { id, by });
    this.#connections.add(connection);
    this.#member.connectionsCurrent++;
    this.#member.connectionsCreated++;
    client.socket.once('close', () => {
      if (this.#connections.delete(connection)) this.#member.connectionsCurrent--;
    });
  }

  /** @internal */
  async listen(): Promise<void> {
    const server = createServer(socket => this.accept(socket, 'port'));
    if (this.#socketPath === undefined) server.listen(this.#port, this.#host);
    else server.listen(this.#socketPath);
    await once(server, 'listening');
    this.#server = server;
    if (this.#socketPath !== undefined) return;
    this.#port = (server.address() as AddressInfo).port;
    this.#member.listensAt(`${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.#port}`);
  }

  /** @internal */
  async close(): Promise<void> {
    await this.#shut(connection => connection.close());
  }

  async #shut(end: (connection: Connection) => void): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const connection of this.#connections) end(connection);
    this.#member.connectionsCurrent -= this.#connections.size;
    this.#connections.clear();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    await closed;
  }
}
