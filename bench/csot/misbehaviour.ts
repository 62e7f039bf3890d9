import type { Document } from 'bson';

/** How a peer treats connections that come after it has begun to misbehave. */
export type Listener =
  | 'usual'
  /** The port is closed. */
  | 'refuses'
  /** The queue of the port is full: the system drops the first packet of each connection. */
  | 'dropsSyn'
  /** The connection is accepted, and no byte of TLS is answered. */
  | 'hangsInTls';

/** A command that has arrived at the peer. */
export interface Request {
  readonly name: string;
  readonly command: Document;
  /** How many commands of this name and with this `filter.n` have arrived, this one included. */
  readonly attempt: number;
  /** Whether it is the first command on its connection: the hello of a handshake. */
  readonly isFirst: boolean;
}

export type Answer =
  | { readonly kind: 'reply'; readonly document: Document; readonly afterMS: number }
  /** One byte at a time. */
  | { readonly kind: 'trickle'; readonly document: Document; readonly everyMS: number }
  | { readonly kind: 'silence' }
  | { readonly kind: 'reset' };

/**
 * How the server of a phase misbehaves, once the client knows it. All connections but the monitor's are reset when it begins to, so that the
 * server is known, and none of its connections is left from better times.
 */
export interface Misbehaviour {
  readonly listener?: Listener;
  /** The peer says that it is a secondary, and that there is no primary. */
  readonly isSecondary?: boolean;
  /** Clients must authenticate. Their monitors do not. */
  readonly authenticates?: boolean;
  /** Answers by the name of the command. Other commands succeed. */
  readonly answers?: Readonly<Record<string, (request: Request) => Answer>>;
}

/** A refusal takes so long. At once, 64 callers that retry would measure how busy they keep their own event loop. */
const REFUSAL_MS = 5;

export function reply(document: Document, afterMS = 0): Answer {
  return { kind: 'reply', document: { ok: 1, ...document }, afterMS };
}

export function silence(): Answer {
  return { kind: 'silence' };
}

export function reset(): Answer {
  return { kind: 'reset' };
}

export function refusal(code: number, codeName: string, errorLabels: readonly string[] = [], afterMS = REFUSAL_MS) {
  const document = { ok: 0, code, codeName, errmsg: `${codeName}, as the benchmark wants`, errorLabels };
  return (): Answer => reply(document, afterMS);
}

export function cursor(id: bigint, batch: 'firstBatch' | 'nextBatch', documents: Document[]): Answer {
  return reply({ cursor: { [batch]: documents, id, ns: 'bench.users' } });
}
