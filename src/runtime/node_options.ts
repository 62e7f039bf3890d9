import { lookup as lookupName } from 'node:dns';
import type { LookupFunction, OnReadOpts } from 'node:net';
import type { TransportAddress, TransportHandler } from './transport.js';

/**
 * Names that `net.connect` and `tls.connect` read after they have copied their options to a plain object. There, a polluted `Object.prototype`
 * would show through.
 */
const READ_FROM_COPIES: readonly string[] = [
  // net.Socket and its streams
  'allowHalfOpen',
  'blockList',
  'construct',
  'defaultEncoding',
  'destroy',
  'encoding',
  'fd',
  'final',
  'handle',
  'highWaterMark',
  'keepAlive',
  'keepAliveInitialDelay',
  'manualStart',
  'noDelay',
  'objectMode',
  'onread',
  'pauseOnCreate',
  'read',
  'readable',
  'readableHighWaterMark',
  'readableObjectMode',
  'signal',
  'timeout',
  'writable',
  'writableHighWaterMark',
  'writableObjectMode',
  'write',
  'writev',
  // net.connect
  'autoSelectFamily',
  'autoSelectFamilyAttemptTimeout',
  'family',
  'hints',
  'host',
  'localAddress',
  'localPort',
  'lookup',
  'path',
  'port',
  // tls.connect
  'ALPNCallback',
  'ALPNProtocols',
  'SNICallback',
  'enableTrace',
  'isServer',
  'pipe',
  'pskCallback',
  'pskIdentityHint',
  'requestOCSP',
  'secureContext',
  'server',
  'servername',
  'session',
  'singleUse',
  'socket',
];

/** Options for a function of Node.js, in an object that inherits nothing. The copies that Node.js makes of it inherit nothing either. */
export function forNode(options: object): object {
  const own = { __proto__: null } as Record<string, unknown>;
  for (const name of READ_FROM_COPIES) own[name] = undefined;
  return Object.assign(own, options);
}

/** The options of `net.connect` for an address. */
export function targetOf(address: TransportAddress): { host?: string; port?: number; path?: string } {
  const { host, port, socketPath } = { __proto__: null, ...address } as Record<string, unknown> as {
    host?: string;
    port?: number;
    socketPath?: string;
  };
  return (socketPath === undefined ? { host, port, path: undefined } : { path: socketPath }) as ReturnType<
    typeof targetOf
  >;
}

/** The option `lookup` of sockets. It reports the step `connect` when the addresses are known: from then on the connection may fail. */
export function announcedLookup(lookup: LookupFunction | undefined, handler: TransportHandler): LookupFunction {
  return (name, options, callback) => {
    (lookup ?? lookupName)(name, options, (error, address, family) => {
      if (!(error instanceof Error)) handler.onStep('connect');
      callback(error, address, family);
    });
  };
}

const READ_BUFFER_SIZE = 64 * 1024;

/**
 * Reads go into one buffer for all sockets: on Unix libuv asks for memory, reads and calls back in one step, so the buffer is free again
 * when the handler returns. On Windows reads are pending in the kernel, and each socket needs its own.
 */
const sharedReadBuffer = process.platform === 'win32' ? null : Buffer.allocUnsafeSlow(READ_BUFFER_SIZE);

/** The option `onread` of sockets. */
export function readIntoSharedBuffer(handler: TransportHandler): OnReadOpts {
  return {
    buffer: sharedReadBuffer ?? Buffer.allocUnsafeSlow(READ_BUFFER_SIZE),
    callback(length, buffer) {
      handler.onData(buffer as Buffer, length);
      return true;
    },
  };
}
