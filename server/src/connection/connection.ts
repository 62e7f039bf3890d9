import { type Socket } from 'node:net';
import { toNumber } from '../bson/numbers.js';
import { type Document, isDocument } from '../bson/types.js';
import { dispatch } from '../commands/dispatch.js';
import { awaitsChanges } from '../commands/look_up.js';
import { Channel } from '../network/channel.js';
import { type Deployment } from '../replication/deployment.js';
import { type Member } from '../replication/member.js';
import { Signal } from '../runtime/signal.js';
import { FrameReader } from '../wire/frame_reader.js';
import { encodeReply } from '../wire/reply.js';
import { parseRequest, type Request } from '../wire/request.js';
import { type ConnectionState } from './connection_state.js';

/** A socket that a client has connected, after TLS if there is any. */
export interface ClientSocket {
  readonly socket: Socket;
  /** What lies below TLS; without TLS the same. */
  readonly raw: Socket;
  /** Of the client's certificate. */
  readonly subject: string | undefined;
}

/** One client connection: requests are answered one after the other, in their order. */
export class Connection {
  readonly #channel: Channel;
  readonly #member: Member;
  readonly #deployment: Deployment;
  readonly #reader = new FrameReader();
  readonly #waiting: Buffer[] = [];
  readonly #state: ConnectionState;
  #isBusy = false;
  #lastRequestId = 0;

  constructor(
    { socket, raw, subject }: ClientSocket,
    member: Member,
    deployment: Deployment,
    { id, by }: { id: number; by: 'port' | 'load balancer' },
  ) {
    this.#member = member;
    this.#deployment = deployment;
    this.#state = {
      id,
      isBehindLoadBalancer: by === 'load balancer',
      remoteAddress: `${raw.remoteAddress ?? ''}:${raw.remotePort ?? 0}`,
      closing: new Signal(),
      isClosed: false,
      hellos: 0,
      client: undefined,
      appName: undefined,
      conversation: undefined,
      users: [],
      subject,
    };
    this.#channel = new Channel({ socket, raw }, member.network, deployment.timers, chunk => this.#receive(chunk));
    socket.on('close', () => this.#closed());
  }

  /** Ends the connection as a shutdown does. */
  close(): void {
    this.#channel.close();
  }

  /** Ends the connection as a crash would: with a reset. */
  reset(): void {
    this.#channel.reset();
  }

  #closed(): void {
    this.#state.isClosed = true;
    this.#state.closing.emit();
  }

  #receive(chunk: Buffer): void {
    try {
      this.#waiting.push(...this.#reader.push(chunk));
    } catch {
      // What was sent before the garbage is not answered either: the stream cannot be trusted.
      this.#channel.close();
      return;
    }
    this.#answerNext();
  }

  /** Answers what is waiting until a command has to wait itself. */
  #answerNext(): void {
    while (!this.#isBusy && !this.#state.isClosed && this.#channel.isOpen) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      try {
        this.#answer(parseRequest(message));
      } catch {
        this.#channel.close();
        return;
      }
    }
  }

  #answer(request: Request): void {
    const reply = this.#dispatch(request.body, request);
    if (!(reply instanceof Promise)) {
      if (this.#streams(request, reply)) this.#startWaiting(this.#stream(request, reply));
      else this.#send(request, reply, request.requestId, false);
      return;
    }
    this.#startWaiting(
      reply.then(async later => {
        if (this.#streams(request, later)) await this.#stream(request, later);
        else this.#send(request, later, request.requestId, false);
      }),
    );
  }

  #dispatch(body: Document, { sequences }: Request): Document | Promise<Document> {
    return dispatch({
      body,
      sequences,
      connection: this.#state,
      member: this.#member,
      deployment: this.#deployment,
    });
  }

  #startWaiting(work: Promise<void>): void {
    this.#isBusy = true;
    void work
      .catch(() => {
        this.#channel.close();
      })
      .finally(() => {
        this.#isBusy = false;
        this.#answerNext();
      });
  }

  #streams(request: Request, reply: Document): boolean {
    return request.exhaustAllowed && awaitsChanges(request.body) && toNumber(reply['ok']) === 1;
  }

  /** hello without being asked again: every change, and one reply every maxAwaitTimeMS; ends with an error or the socket. */
  async #stream(request: Request, first: Document): Promise<void> {
    let reply = first;
    let responseTo = request.requestId;
    while (toNumber(reply['ok']) === 1 && isDocument(reply['topologyVersion'])) {
      if (!this.#channel.isOpen) return;
      responseTo = this.#send(request, reply, responseTo, true);
      const { topologyVersion } = reply;
      reply = await this.#dispatch({ ...request.body, topologyVersion, client: undefined }, request);
      // A node that was stopped meanwhile answers nothing.
      if (this.#state.isClosed || !this.#member.isAlive) return;
    }
    this.#send(request, reply, responseTo, false);
  }

  /** Returns the id of the reply: the next one of a stream answers it. */
  #send(request: Request, reply: Document, responseTo: number, moreToCome: boolean): number {
    this.#lastRequestId = (this.#lastRequestId + 1) & 0x7fffffff;
    const header = { requestId: this.#lastRequestId, responseTo, moreToCome };
    if (!request.moreToCome && this.#channel.isOpen) {
      this.#channel.send(encodeReply(reply, header, request), Object.keys(request.body)[0] ?? '');
    }
    return header.requestId;
  }
}
