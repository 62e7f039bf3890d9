import type { Doc } from './bson_values.js';
import type { InternalClient } from './internal_client.js';
import type { TestServer } from './servers.js';

/** Which fail points a test has set, so that the next test does not meet them. */
export class FailPoints {
  readonly #server: TestServer;
  readonly #internal: InternalClient;
  readonly #names = new Set<string>();

  constructor(server: TestServer, internal: InternalClient) {
    this.#server = server;
    this.#internal = internal;
  }

  remember({ configureFailPoint }: Doc): void {
    this.#names.add(String(configureFailPoint));
  }

  /** Sets one in the process at an address. */
  async set(failPoint: Doc, address: string): Promise<void> {
    this.remember(failPoint);
    await this.#internal.command(address, failPoint);
  }

  /** Turns off whatever was set, wherever that may have been. */
  async clear(): Promise<void> {
    const { topology, addresses } = this.#server;
    const isRouted = topology === 'sharded' || topology === 'load-balanced';
    for (const name of this.#names) {
      const off = { configureFailPoint: name, mode: 'off' };
      if (!isRouted) await this.#internal.admin(off).catch(() => null);
      else for (const address of addresses) await this.#internal.command(address, off).catch(() => null);
    }
    this.#names.clear();
  }
}
