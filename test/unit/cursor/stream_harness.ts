import assert from 'node:assert/strict';
import { documentDecoder } from '../../../src/bson/decode.js';
import { type Document, Long } from '../../../src/bson/index.js';
import type { Call } from '../../../src/call/call.js';
import { type ChangeStreamStart, changeStream } from '../../../src/commands/change_stream.js';
import type { OperationContext } from '../../../src/commands/context.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { ChangeStreamCore } from '../../../src/cursor/change_stream_core.js';
import { OperationIds } from '../../../src/events/publisher.js';
import type { EngineSource } from '../../../src/executor/engine.js';
import { EngineHarness, type EngineHarnessOptions } from '../../support/engine_harness.js';
import type { ReceivedCommand } from '../../support/scripted_peer.js';
import { quiet } from '../../support/scripted_server.js';

export interface StreamOptions {
  readonly start?: ChangeStreamStart;
  readonly timeoutMS?: number;
  readonly signal?: AbortSignal;
  readonly resumeForMS?: number;
  readonly maxAwaitTimeMS?: number;
  readonly context?: Partial<OperationContext>;
}

/** A batch of a change stream, as a server tells it. */
export interface Batch {
  /** Names of the changes, which are those of their tokens; or whole documents. */
  readonly changes?: readonly (string | Document)[];
  /** Name of the `postBatchResumeToken`. */
  readonly token?: string;
  /** 0 ends the stream. Default 7. */
  readonly id?: number;
  /** Other fields of the reply. */
  readonly fields?: Document;
}

export const token = (name: string): Document => ({ _data: name });

/** A change stream over scripted servers: its aggregates and getMores wait for the test, and a killCursors is answered at once. */
export class StreamHarness {
  readonly servers: EngineHarness;
  readonly core: ChangeStreamCore;
  /** The tokens that it has told, by name. */
  readonly tokens: unknown[] = [];

  private constructor(servers: EngineHarness, options: StreamOptions) {
    const { start = {}, timeoutMS, signal, resumeForMS, maxAwaitTimeMS } = options;
    this.servers = servers;
    servers.answer = ({ name }) => (name === 'killCursors' ? { ok: 1 } : null);
    const context: OperationContext = {
      database: 'shop',
      collection: 'orders',
      namespace: 'shop.orders',
      readPreference: ReadPreference.primary,
      readConcern: undefined,
      writeConcern: undefined,
      bsonOptions: {},
      decode: documentDecoder(),
      session: null,
      ...options.context,
    };
    const source: EngineSource = {
      clock: servers.clock,
      operationIds: new OperationIds(),
      stageLimits: servers.limits,
      publisher: servers.engine.publisher,
      engine: () => servers.engine,
    };
    const settings = {
      name: 'watch',
      context,
      start,
      open: (at: ChangeStreamStart) => changeStream(context, 'collection', [], {}, at),
      budget: { timeoutMS, source: 'watch' },
      scope: null,
      signal,
      batchSize: undefined,
      comment: undefined,
      maxAwaitTimeMS,
      resumeForMS,
    };
    this.core = new ChangeStreamCore(source, settings, {
      onToken: given => void this.tokens.push(nameOf(given)),
      onReply: () => undefined,
    });
  }

  static async make(options: StreamOptions = {}, servers?: EngineHarnessOptions): Promise<StreamHarness> {
    return new StreamHarness(await EngineHarness.open(servers), options);
  }

  /** A stream that has been opened with an empty batch. */
  static async opened(
    options?: StreamOptions,
    servers?: EngineHarnessOptions,
    batch: Batch = { token: 'opened' },
  ): Promise<StreamHarness> {
    const stream = await StreamHarness.make(options, servers);
    const opening = stream.tryNext();
    await stream.answer('aggregate', batch);
    await opening;
    return stream;
  }

  async stop(): Promise<void> {
    await this.servers.close();
  }

  // ── Methods, each in a call of its own

  /** The name of the next change; null at the end. */
  async next(): Promise<unknown> {
    return nameOf((await this.#enter('next', call => this.core.next(call)))?.['_id']);
  }

  async tryNext(): Promise<unknown> {
    return nameOf((await this.#enter('tryNext', call => this.core.tryNext(call)))?.['_id']);
  }

  close(): Promise<void> {
    return this.core.close(this.core.closingCall('close'));
  }

  /** As the door of the client does it. */
  #enter<T>(method: string, work: (call: Call) => Promise<T>): Promise<T> {
    const call = this.core.call(method);
    const running = work(call);
    const end = () => call.end(null);
    running.then(end, end);
    return running;
  }

  // ── Servers

  /** The next aggregate or getMore, which must have this name. */
  async command(name: 'aggregate' | 'getMore'): Promise<ReceivedCommand> {
    const command = await this.servers.nextCommand();
    assert.equal(command.name, name);
    return command;
  }

  async answer(name: 'aggregate' | 'getMore', batch: Batch = {}): Promise<ReceivedCommand> {
    const command = await this.command(name);
    command.reply(batchReply(name, batch));
    return command;
  }

  /** Answers with an error. */
  async fail(name: 'aggregate' | 'getMore', reply: Document): Promise<ReceivedCommand> {
    const command = await this.command(name);
    command.reply(reply);
    return command;
  }

  /** Commands that were sent so far, each with its server. */
  async story(): Promise<string[]> {
    await quiet();
    return this.servers.story();
  }

  get token(): unknown {
    return nameOf(this.core.token);
  }
}

/** What an aggregate says of its start. */
export function startOf({ body }: ReceivedCommand): Document {
  const [stage] = body['pipeline'] as Document[];
  return stage?.['$changeStream'] as Document;
}

export function batchReply(name: string, { changes = [], token: batchToken, id = 7, fields }: Batch): Document {
  const documents = changes.map(change =>
    typeof change === 'string' ? { _id: token(change), operationType: 'insert' } : change,
  );
  return {
    ok: 1,
    cursor: {
      id: Long.fromNumber(id),
      ns: 'shop.orders',
      [name === 'aggregate' ? 'firstBatch' : 'nextBatch']: documents,
      ...(batchToken !== undefined && { postBatchResumeToken: token(batchToken) }),
    },
    ...fields,
  };
}

function nameOf(given: unknown): unknown {
  return given === undefined ? null : (given as Document)['_data'];
}
