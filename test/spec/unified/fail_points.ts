import type { Doc } from './bson_values.js';
import type { InternalClient } from './internal_client.js';
import type { TestServer } from './servers.js';

/** Fail points are of one process: which ones are set is remembered, so that the next test does not meet them. */
export class FailPoints {
  readonly #server: TestServer;
  readonly #internal: InternalClient;
  readonly #set = new Map<string, { readonly address: string | undefined; readonly name: string }>();

  constructor(server: TestServer, internal: InternalClient) {
    this.#server = server;
    this.#internal = internal;
  }

  /** Sets one at an address; without, where a client's commands would go: the primary, or each router behind a load balancer. */
  async set(failPoint: Doc, address: string | undefined): Promise<void> {
    const targets = address === undefined ? this.#usual() : [address];
    for (const target of targets) {
      const name = String(failPoint['configureFailPoint']);
      this.#set.set(`${String(target)} ${name}`, { address: target, name });
      await this.#run(target, failPoint);
    }
  }

  /** Turns off whatever was set. */
  async clear(): Promise<void> {
    const set = [...this.#set.values()];
    this.#set.clear();
    for (const { address, name } of set) {
      await this.#run(address, { configureFailPoint: name, mode: 'off' }).catch(() => null);
    }
  }

  #usual(): readonly (string | undefined)[] {
    return this.#server.topology === 'load-balanced' ? this.#server.addresses : [undefined];
  }

  async #run(address: string | undefined, command: Doc): Promise<void> {
    await (address === undefined ? this.#internal.admin(command) : this.#internal.command(address, command));
  }
}
