import type { TransportAddress } from './transport.js';

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

/** Options for a function of Node.js, in an object that inherits nothing, and neither do the copies that Node.js makes of it. */
export function forNode(options: object): object {
  const own = { __proto__: null } as Record<string, unknown>;
  for (const name of READ_FROM_COPIES) own[name] = undefined;
  return Object.assign(own, options);
}

/** What `net.connect` is told of an address. */
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
