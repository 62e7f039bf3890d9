import type { OnReadOpts } from 'node:net';
import type { TransportHandler } from './transport.js';

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
