import type { Clock } from '../runtime/clock.js';
import type { OpenTransport, TransportAddress, TransportOptions } from '../runtime/transport.js';
import type { MessageEncoder } from '../wire/message_encoder.js';

/** What a connection is made of; the same for all connections of a pool or a monitor. */
export interface ConnectionParts {
  readonly address: string;
  readonly target: TransportAddress;
  readonly transportOptions: TransportOptions;
  readonly open: OpenTransport;
  readonly encoder: MessageEncoder;
  readonly clock: Clock;
}
