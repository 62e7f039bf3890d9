import type { Document } from '../bson/index.js';
import { ReplyFields } from '../bson/reply_fields.js';
import { parseHello } from '../description/hello.js';
import { type ServerDescription, sameObjectId } from '../description/server_description.js';
import type { TopologyVersion } from '../description/types.js';
import type { Codec, CompressorName } from '../wire/compressor.js';
import { DEFAULT_MAX_MESSAGE_SIZE } from '../wire/header.js';
import type { MessageLimits } from '../wire/message_encoder.js';

/** What a connection knows of its server, from its own hello (never from a monitor's). */
export interface ConnectionDescription {
  readonly server: ServerDescription;
  readonly limits: MessageLimits;
  /** The server's own number for this connection. */
  readonly serverConnectionId: bigint | null;
  /** The name of the compressor to use, or undefined. */
  readonly compressor: CompressorName | undefined;
}

/** What a client tells a server when it opens a connection. */
export interface HandshakeOptions {
  /** Client metadata: driver, operating system, platform, application. Called for each new connection. */
  readonly metadata: () => Document;
  /** Compressors to offer, in order of preference. */
  readonly codecs: readonly Codec[];
  /** `hello` from the first message on; otherwise the legacy command, which every server knows. */
  readonly useHello: boolean;
  readonly loadBalanced: boolean;
  /** Versioned API fields. */
  readonly apiFields: Document;
}

/** The legacy hello, in the spelling that every server accepts. */
const LEGACY_HELLO = 'ismaster';
/** Handshake, "backpressure": the version of the overload protocol that this driver speaks. */
const BACKPRESSURE_VERSION = '2';

/** The limits until a server has named its own. */
export const DEFAULT_LIMITS: MessageLimits = Object.freeze({
  maxBsonObjectSize: 16 * 1024 * 1024,
  maxMessageSizeBytes: DEFAULT_MAX_MESSAGE_SIZE,
  maxWriteBatchSize: 100_000,
});

/** The first command on a connection (MongoDB Handshake). The legacy hello is sent as OP_QUERY. */
export function handshakeCommand(options: HandshakeOptions): Document {
  return {
    ...(options.useHello ? { hello: 1 } : { [LEGACY_HELLO]: 1, helloOk: true }),
    ...(options.loadBalanced && { loadBalanced: true }),
    client: options.metadata(),
    compression: options.codecs.map(({ name }) => name),
    backpressure: BACKPRESSURE_VERSION,
    ...options.apiFields,
    $db: 'admin',
  };
}

/** A later hello on the same connection, without the fields that are sent only once. */
export function helloCommand(options: HandshakeOptions, helloOk: boolean): Document {
  return {
    ...(options.useHello || helloOk ? { hello: 1 } : { [LEGACY_HELLO]: 1, helloOk: true }),
    ...(options.loadBalanced && { loadBalanced: true }),
    ...options.apiFields,
    $db: 'admin',
  };
}

/** A hello that a server answers when its state changes, or after `maxAwaitTimeMS` (Server Monitoring, "Awaitable hello"). */
export function awaitableHelloCommand(
  options: HandshakeOptions,
  helloOk: boolean,
  topologyVersion: TopologyVersion,
  maxAwaitTimeMS: number,
): Document {
  return { ...helloCommand(options, helloOk), topologyVersion, maxAwaitTimeMS };
}

/** What a server's answer to {@link handshakeCommand} means for the connection. */
export function describeConnection(
  address: string,
  reply: Document,
  times: { readonly roundTripTime: number; readonly lastUpdateTime: number },
  offered: readonly Codec[],
): ConnectionDescription {
  const server = parseHello(address, reply, { ...times, minRoundTripTime: 0 });
  return {
    server,
    limits: {
      maxBsonObjectSize: server.maxBsonObjectSize ?? DEFAULT_LIMITS.maxBsonObjectSize,
      maxMessageSizeBytes: server.maxMessageSizeBytes ?? DEFAULT_LIMITS.maxMessageSizeBytes,
      maxWriteBatchSize: server.maxWriteBatchSize ?? DEFAULT_LIMITS.maxWriteBatchSize,
    },
    serverConnectionId: new ReplyFields(reply, `hello reply of ${address}`, address).bigint('connectionId'),
    compressor: offered.find(({ name }) => server.compression.includes(name))?.name,
  };
}

/**
 * A description that shares the parts of an earlier one if both are of the same server: the connections of a pool need not each keep a
 * copy. The times of the two hellos are not compared.
 */
export function sharing(
  description: ConnectionDescription,
  earlier: ConnectionDescription | null,
): ConnectionDescription {
  if (earlier === null || !sameServer(description, earlier)) return description;
  return { ...description, server: earlier.server, limits: earlier.limits };
}

function sameServer(one: ConnectionDescription, other: ConnectionDescription): boolean {
  return (
    one.server.equals(other.server) &&
    sameObjectId(one.server.serviceId, other.server.serviceId) &&
    one.compressor === other.compressor &&
    one.limits.maxBsonObjectSize === other.limits.maxBsonObjectSize &&
    one.limits.maxMessageSizeBytes === other.limits.maxMessageSizeBytes &&
    one.limits.maxWriteBatchSize === other.limits.maxWriteBatchSize
  );
}
