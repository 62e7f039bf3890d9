import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Binary, type Document } from 'bson';
import { type Answer, cursor, type Misbehaviour, reply } from '../misbehaviour.js';
import { type Message, MessageReader, replyTo } from './frames.js';
import { type Listening, listen } from './listeners.js';

const MIB = 1024 * 1024;
const HELLO_NAMES: ReadonlySet<string> = new Set(['hello', 'ismaster', 'isMaster']);

/** What a client needs to reach a peer. */
export interface PeerAddress {
  readonly uri: string;
  /** The certificate to trust, where the peer speaks TLS. */
  readonly ca?: string;
}

/** A server for one sample, which misbehaves as its phase says. A member of a replica set, alone in it. */
export class Peer {
  readonly #behaviour: Misbehaviour;
  readonly #sockets = new Set<Socket>();
  readonly #attempts = new Map<string, number>();
  #listening!: Listening;
  #monitor: Socket | null = null;
  #misbehaves = false;

  private constructor(behaviour: Misbehaviour) {
    this.#behaviour = behaviour;
  }

  static async open(behaviour: Misbehaviour): Promise<Peer> {
    const peer = new Peer(behaviour);
    peer.#listening = await listen(behaviour.listener ?? 'usual', (stream, raw) => peer.#serve(stream, raw));
    return peer;
  }

  get address(): PeerAddress {
    const { port, ca } = this.#listening;
    const user = this.#behaviour.authenticates === true ? 'bench:secret@' : '';
    const mechanism = user === '' ? '' : '&authMechanism=PLAIN&authSource=$external';
    const tls = ca === undefined ? '' : '&tls=true';
    // Reads must find a server, or the client cannot connect.
    const reads = this.#behaviour.isSecondary === true ? '&readPreference=secondaryPreferred' : '';
    const uri = `mongodb://${user}127.0.0.1:${port}/?replicaSet=rs0${mechanism}${tls}${reads}`;
    return ca === undefined ? { uri } : { uri, ca };
  }

  /** Begins. The first connection of a client is its monitor's. */
  async misbehave(): Promise<void> {
    this.#misbehaves = true;
    await this.#listening.misbehave();
    for (const socket of this.#sockets) if (socket !== this.#monitor) socket.resetAndDestroy();
  }

  close(): void {
    this.#listening.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** @param stream - what is said in the socket: the same, or what TLS makes of it */
  #serve(stream: Duplex, raw: Socket): void {
    const reader = new MessageReader();
    let isFirst = true;
    this.#monitor ??= raw;
    this.#sockets.add(raw);
    raw.setNoDelay(true);
    raw.once('close', () => this.#sockets.delete(raw));
    stream.on('error', () => stream.destroy());
    stream.on('data', (chunk: Buffer) => {
      for (const message of reader.push(chunk)) {
        this.#answer(stream, raw, message, isFirst);
        isFirst = false;
      }
    });
  }

  #answer(stream: Duplex, raw: Socket, message: Message, isFirst: boolean): void {
    const answer = this.#answerTo(message.command, isFirst);
    switch (answer.kind) {
      case 'silence':
        return;
      case 'reset':
        raw.resetAndDestroy();
        return;
      case 'reply': {
        const bytes = replyTo(message, answer.document);
        if (answer.afterMS === 0) stream.write(bytes);
        else setTimeout(() => stream.writable && stream.write(bytes), answer.afterMS);
        return;
      }
      case 'trickle':
        trickle(stream, replyTo(message, answer.document), answer.everyMS);
    }
  }

  #answerTo(command: Document, isFirst: boolean): Answer {
    const [first = ''] = Object.keys(command);
    const isHello = HELLO_NAMES.has(first);
    const name = isHello ? 'hello' : first;
    const key = `${name} ${String((command['filter'] as Document | undefined)?.['n'])}`;
    const attempt = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempt);
    const answers = this.#misbehaves ? this.#behaviour.answers : undefined;
    const answer = answers?.[name]?.({ name, command, attempt, isFirst });
    if (answer?.kind === 'reply' && isHello) return reply({ ...this.#hello(), ...answer.document });
    return answer ?? (isHello ? reply(this.#hello()) : success(name));
  }

  /** Without a topology version: monitors ask every 10 s, and are not seen in the figures. */
  #hello(): Document {
    const address = `127.0.0.1:${this.#listening.port}`;
    const isSecondary = this.#behaviour.isSecondary === true;
    return {
      helloOk: true,
      isWritablePrimary: !isSecondary,
      secondary: isSecondary,
      setName: 'rs0',
      setVersion: 1,
      hosts: [address],
      me: address,
      ...(!isSecondary && { primary: address }),
      maxBsonObjectSize: 16 * MIB,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
      logicalSessionTimeoutMinutes: 30,
      minWireVersion: 0,
      maxWireVersion: 25,
    };
  }
}

/** What a server answers that has nothing to do. */
function success(name: string): Answer {
  if (name === 'find') return cursor(0n, 'firstBatch', []);
  if (name === 'saslStart') return reply({ conversationId: 1, done: true, payload: new Binary() });
  return reply({ n: 1, nModified: 1 });
}

function trickle(stream: Duplex, bytes: Buffer, everyMS: number): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (!stream.writable || sent === bytes.length) clearInterval(timer);
    else stream.write(bytes.subarray(sent, ++sent));
  }, everyMS);
}
