import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { type TestNode } from './test_node.js';

/** A load balancer: gives each connection that it accepts to one of its routers, in turn. */
export class Front {
  readonly #routers: readonly TestNode[];
  readonly #host: string;
  readonly #server: Server;
  #next = 0;

  private constructor(routers: readonly TestNode[], host: string) {
    this.#routers = routers;
    this.#host = host;
    this.#server = createServer(socket => {
      const running = this.#routers.filter(router => router.isRunning);
      const router = running[this.#next++ % Math.max(running.length, 1)];
      // With no server behind it, a load balancer has nothing to say.
      if (router === undefined) socket.resetAndDestroy();
      else router.accept(socket, 'load balancer');
    });
  }

  static async listen(routers: readonly TestNode[], host: string, port: number): Promise<Front> {
    const front = new Front(routers, host);
    front.#server.listen(port, host);
    await once(front.#server, 'listening');
    return front;
  }

  get address(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${port}`;
  }

  /** Connections belong to the routers, and end with them. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}
