import type { Document } from '../bson/index.js';
import { Deadline } from '../call/deadline.js';
import { type CheckTimes, parseHello } from '../description/hello.js';
import type { TopologyVersion } from '../description/types.js';
import { type EstablishSettings, establish } from '../pool/establish.js';
import { awaitableHelloCommand, helloCommand } from '../pool/handshake.js';
import { followHello, runHello } from '../pool/own_commands.js';
import { type ConnectionParts, WireConnection } from '../pool/wire_connection.js';
import type { Clock } from '../runtime/clock.js';
import type { Reply } from '../wire/reply.js';

const NOT_MEASURED: CheckTimes = Object.freeze({ roundTripTime: -1, minRoundTripTime: 0, lastUpdateTime: 0 });

/** Everything from which a monitor makes its connections. */
export interface HelloPorts {
  readonly clock: Clock;
  readonly connection: ConnectionParts;
  readonly establish: EstablishSettings;
}

/** Receives streamed hellos, in their order. */
export interface HelloSink {
  /** @param moreToCome - another reply follows without a request, and its time has begun */
  onHello(reply: Document, moreToCome: boolean): void;
  onFailed(error: unknown): void;
}

/** A connection of a monitor. It belongs to no pool and to no user, and sends nothing but hello. */
export class HelloConnection {
  /** Counts up from 1 in each monitor. */
  readonly id: number;
  readonly #ports: HelloPorts;
  readonly #connection: WireConnection;
  #helloOk = false;

  constructor(id: number, ports: HelloPorts) {
    this.id = id;
    this.#ports = ports;
    this.#connection = new WireConnection(ports.connection, id);
  }

  /** The error that closed the connection, or null while it is open. */
  get error(): Error | null {
    return this.#connection.error;
  }

  close(error: Error): void {
    this.#connection.close(error);
  }

  /** Connects and makes the handshake. Each step may take `connectTimeoutMS`. */
  async open(): Promise<Document> {
    const { clock, establish: settings } = this.#ports;
    const reply = await establish(this.#connection, settings, () => undefined, Deadline.background(clock));
    this.#helloOk = reply['helloOk'] === true;
    return reply;
  }

  /** The step that the connection waits for, and since when (monotonic milliseconds). */
  get waitsFor(): WireConnection['waitsFor'] {
    return this.#connection.waitsFor;
  }

  /** Round trip of the handshake's hello, in milliseconds. The time to connect is not part of it. */
  get handshakeMS(): number {
    return this.#connection.description.server.roundTripTime;
  }

  /** Asks for the state of the server. The reply may take `connectTimeoutMS`. */
  async hello(): Promise<Document> {
    const { handshake, encoder } = this.#ports.establish;
    const command = helloCommand(handshake, this.#helloOk);
    this.#connection.beginHello();
    return this.#documentIn(await runHello(this.#connection, command, encoder, this.#limit(0)));
  }

  /**
   * Asks for the state of the server once it is another than `topologyVersion`, or after `heartbeatFrequencyMS`. A server that streams sends
   * more replies to the same request.
   *
   * Each reply may take `connectTimeoutMS + heartbeatFrequencyMS` (Server Monitoring, "Socket timeout").
   */
  follow(topologyVersion: TopologyVersion, heartbeatFrequencyMS: number, sink: HelloSink): void {
    const { handshake, encoder } = this.#ports.establish;
    const command = awaitableHelloCommand(handshake, this.#helloOk, topologyVersion, heartbeatFrequencyMS);
    const nextLimit = () => this.#limit(heartbeatFrequencyMS);
    const onReply = (reply: Reply) => {
      let document: Document;
      try {
        document = this.#documentIn(reply);
      } catch (error) {
        sink.onFailed(error);
        return;
      }
      if (reply.moreToCome) this.#connection.beginHello();
      sink.onHello(document, reply.moreToCome);
    };
    this.#connection.beginHello();
    const replySink = { nextLimit, onReply, onFailed: (error: Error) => sink.onFailed(error) };
    followHello(this.#connection, command, encoder, replySink, nextLimit());
  }

  #documentIn(reply: Reply): Document {
    const failure = reply.error({ host: this.#connection.address, phase: 'hello' });
    if (failure !== null) throw failure;
    // A malformed reply is refused here, where the check can still fail. The receiver of the document cannot fail it any more.
    parseHello(this.#connection.address, reply.document, NOT_MEASURED);
    return reply.document;
  }

  /** With a `connectTimeoutMS` of 0 there is no limit, however long the server may wait. */
  #limit(awaitMS: number): Deadline {
    const { clock, establish: settings } = this.#ports;
    const { connectTimeoutMS } = settings;
    return Deadline.background(clock).within('hello', connectTimeoutMS === 0 ? 0 : connectTimeoutMS + awaitMS);
  }
}
