import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Connection } from '../connection/connection.js';
import { type Deployment } from '../replication/deployment.js';
import { type Member, type Role } from '../replication/member.js';

/** One server process of a cluster: a port, and what listens there. */
export class TestNode {
  readonly #deployment: Deployment;
  readonly #member: Member;
  readonly #host: string;
  readonly #socketPath: string | undefined;
  readonly #connections = new Set<Connection>();
  #port: number;
  #server: Server | undefined;
  #lastConnectionId = 0;

  /** @internal */
  constructor(
    deployment: Deployment,
    member: Member,
    listen: { host: string; port: number; socketPath?: string | undefined },
  ) {
    this.#deployment = deployment;
    this.#member = member;
    this.#host = listen.host;
    this.#port = listen.port;
    this.#socketPath = listen.socketPath;
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

  /** @internal Takes a connection that came in by its own port or through a load balancer. */
  accept(socket: Socket, by: 'port' | 'load balancer'): void {
    const id = ++this.#lastConnectionId;
    const connection = new Connection(socket, this.#member, this.#deployment, { id, by });
    this.#connections.add(connection);
    this.#member.connectionsCurrent++;
    this.#member.connectionsCreated++;
    socket.once('close', () => {
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
    await closed;
  }
}
