/**
 * A process that listens with the shortest queue and hands connections to its parent, until it is told to stand still. When the queue is full,
 * the system drops the SYN of every further connection. Needs no privileges; a system with net.ipv4.tcp_abort_on_overflow=1 resets instead.
 */
import { type AddressInfo, createServer } from 'node:net';

const SHORTEST_QUEUE = 1;
/** The process cannot notice that its parent has ended, so it stands still for so long at most. */
const LONGEST_MS = 60_000;

const server = createServer({ pauseOnConnect: true });
server.on('connection', socket => process.send?.('connection', socket));
server.listen({ host: '127.0.0.1', port: 0, backlog: SHORTEST_QUEUE }, () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});

process.once('message', () => {
  process.send?.('standing still');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LONGEST_MS);
  process.exit();
});
process.once('disconnect', () => process.exit());
