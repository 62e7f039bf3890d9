import type { Document } from '../../../src/bson/index.js';
import { WireConnection } from '../../../src/pool/wire_connection.js';
import { FakeClock } from '../../support/fake_clock.js';
import { connectionParts, deadline, run } from '../../support/pool_harness.js';
import { ScriptedServer } from '../../support/scripted_server.js';

/** A connection that is open, without a handshake. */
export async function opened(server = new ScriptedServer()) {
  const clock = new FakeClock();
  const parts = connectionParts(clock, server.open);
  const connection = new WireConnection(parts, 1);
  await connection.opened(0, deadline(clock));
  const peer = await server.nextPeer();
  const send = (command: Document = { find: 'orders' }, within = deadline(clock)) =>
    run(connection, parts.encoder, command, within);
  return { clock, server, parts, connection, peer, send };
}
