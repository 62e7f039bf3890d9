import type { Document } from '../../src/bson/index.js';
import type { ClientPort } from '../../src/client/client_port.js';
import { MongoClient } from '../../src/client/mongo_client.js';
import type { LoadPackage } from '../../src/runtime/optional_package.js';
import type { ReadFile } from '../../src/runtime/tls_material.js';
import type { MongoClientOptions } from '../../src/uri/client_options.js';
import { PRIMARY } from './engine_harness.js';
import { checkAfterClose, EventChecker } from './event_checker.js';
import { FakeClock } from './fake_clock.js';
import { FakeResolver } from './fake_resolver.js';
import type { ReceivedCommand } from './scripted_peer.js';
import { type Answer, quiet, ScriptedServer } from './scripted_server.js';

/** What the server of a {@link ClientHarness} answers to hello: a primary of the newest version. */
const NEWEST_PRIMARY: Document = Object.freeze({ ...PRIMARY, maxWireVersion: 25 });

/** How the client of a {@link ClientHarness} is made, beside its options. */
export interface ClientSetup {
  /** The connection string. Default: `mongodb://a:27017`. */
  readonly url?: string;
  /** Whether the invariants of events are checked. Default: no listener, as in most programs. */
  readonly checksEvents?: boolean;
  /** Reads the files of TLS. Default: from the file system. */
  readonly readFile?: ReadFile;
  /** Loads optional packages. Default: those that are installed. */
  readonly loadPackage?: LoadPackage;
}

/** A client on the fake clock, whose only server, at `a:27017`, does what the test tells it. */
export class ClientHarness implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly server = new ScriptedServer();
  readonly resolver = new FakeResolver();
  readonly client: MongoClient;
  readonly #checker: EventChecker | null;
  /** The number that the client draws whenever it needs chance. */
  chance = 0.5;
  /** What the server answers to commands; null is no answer. */
  answer: Answer = () => null;
  /** Every command but hello that the server has received, in order. */
  readonly received: ReceivedCommand[] = [];

  constructor(
    options: MongoClientOptions = {},
    { url = 'mongodb://a:27017', readFile, loadPackage, checksEvents = false }: ClientSetup = {},
  ) {
    this.server.hello = () => NEWEST_PRIMARY;
    this.server.answer = command => {
      this.received.push(command);
      return this.answer(command);
    };
    let drawn = 0;
    const random = { next: () => this.chance, bytes: (length: number) => new Uint8Array(length).fill(++drawn) };
    const { clock, server, resolver } = this;
    const given: MongoClientOptions = { serverMonitoringMode: 'poll', ...options };
    const effects = {
      ...{ clock, random, open: server.open, resolver },
      ...(readFile !== undefined && { readFile }),
      ...(loadPackage !== undefined && { loadPackage }),
    };
    this.client = new MongoClient(url, given, effects);
    this.#checker = checksEvents ? new EventChecker(this.client) : null;
  }

  /** A client whose server is known and to which a connection is open. */
  static async connected(options?: MongoClientOptions, setup?: ClientSetup): Promise<ClientHarness> {
    const harness = new ClientHarness(options, setup);
    await harness.client.connect();
    return harness;
  }

  /** The client, as the parts below it know it. */
  get port(): ClientPort {
    return this.client;
  }

  /** Lets everything run that is due, moves time on, and lets everything run that this made due. */
  async advance(ms: number): Promise<void> {
    await quiet();
    await this.clock.advance(ms);
    await quiet();
  }

  /** Names of the commands received. */
  story(): string[] {
    return this.received.map(({ name }) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.answer = () => ({ ok: 1 });
    const closing = this.client.close();
    await quiet();
    await this.clock.advance(10_000);
    await closing;
    if (this.#checker !== null) await checkAfterClose(this.#checker);
  }
}
