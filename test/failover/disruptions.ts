import { setTimeout as pause } from 'node:timers/promises';
import type { LaunchedServer, NodeDescription } from 'mongotempo-server';

/** Longer than a heartbeat is late, shorter than a member is given up. */
const STANDSTILL_MS = 400;

/** Something that happens to the primary of a set of three. */
export interface Disruption {
  readonly name: string;
  /** Resolves when there is a primary that takes writes. */
  readonly happen: (server: LaunchedServer, primary: number) => Promise<unknown>;
  /** Afterwards all members are up again. */
  readonly mend?: (server: LaunchedServer, primary: number) => Promise<unknown>;
}

export const DISRUPTIONS: readonly Disruption[] = [
  { name: 'step-down', happen: server => server.call('stepDown') },
  {
    name: 'kill',
    async happen(server, primary) {
      await server.call('kill', primary);
      await server.call('whenPrimary');
    },
    mend: (server, primary) => server.call('restart', primary),
  },
  {
    // No process is told, no connection is reset: the members elect another, and clients find out by themselves.
    name: 'partition',
    async happen(server, primary) {
      await server.call('partition', primary);
      await server.call('whenPrimary');
    },
    mend: (server, primary) => server.call('heal', primary),
  },
  {
    // The primary stays what it is, and falls silent for a while. What was sent to it meanwhile arrives at last.
    name: 'freeze',
    async happen(server, primary) {
      await server.call('cut', primary);
      await pause(STANDSTILL_MS);
      await server.call('mend', primary);
    },
  },
  {
    name: 'restart',
    async happen(server, primary) {
      await server.call('kill', primary);
      await server.call('restart', primary);
      await server.call('whenPrimary');
    },
  },
];

export async function indexOfPrimary(server: LaunchedServer): Promise<number> {
  await server.call('whenPrimary');
  const nodes = (await server.call('nodes')) as readonly NodeDescription[];
  return nodes.findIndex(({ role }) => role === 'primary');
}
