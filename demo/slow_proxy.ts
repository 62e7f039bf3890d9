import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A TCP proxy in front of one server that holds back what the server answers: with it any server is as slow as the demo wants, also
 * one that has no fail points.
 */
export class SlowProxy {
  /** For how long answers are held back from now on. */
  delayMS = 0;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
    this.#server = createServer(client => this.#forward(client));
  }

  /** @param address - `host:port` */
  static async start(address: string): Promise<SlowProxy> {
    const { hostname, port } = new URL(`tcp://${address}`);
    const proxy = new SlowProxy({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #forward(client: Socket): void {
    const server = connect(this.#target);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      // Whatever ends one side ends the other; why does not matter here.
      socket.on('error', () => undefined);
    }
    client.pipe(server);
    client.once('close', () => server.destroy());
    // Each piece waits for those before it, so that a shorter delay does not change their order.
    let before: Promise<void> = Promise.resolve();
    const inOrder = (delayMS: number, act: () => void): void => {
      const due = sleep(delayMS);
      before = Promise.all([before, due]).then(act);
    };
    server.on('data', (piece: Buffer) =>
      inOrder(this.delayMS, () => {
        if (!client.destroyed) client.write(piece);
      }),
    );
    server.once('close', () => inOrder(0, () => client.destroy()));
  }
}
