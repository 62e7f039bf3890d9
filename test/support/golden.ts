import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import type { MonitoringEvent, ServerDescription, TopologyDescription } from 'mongotempo';

/** Compiled, this file lies in `.build/test/support`. */
const ROOT = resolve(__dirname, '../../..');
const DIRECTORY = resolve(ROOT, process.env['GOLDEN_DIR'] ?? '../shared/golden');

/** Why the golden tests are skipped; false when they can run. */
export const skipReason: string | false = existsSync(DIRECTORY)
  ? false
  : `there are no recorded streams in ${DIRECTORY}; set GOLDEN_DIR to their folder`;

/** Events as short texts: those of commands, of each pool, of each server, and of the topology. */
export type Streams = Record<string, string[]>;

interface GoEvent {
  readonly kind: 'cmd' | 'pool' | 'sdam' | 'note';
  readonly type: string;
  readonly address?: string;
  readonly connectionId?: number | string;
  readonly name?: string;
  readonly reason?: string;
  readonly from?: string;
  readonly to?: string | { readonly kind: string };
  readonly awaited?: boolean;
}

function add(streams: Streams, stream: string, text: string): void {
  (streams[stream] ??= []).push(text);
}

/** What was recorded of the Go driver. */
export function goStreams(scenario: string): Streams {
  const streams: Streams = {};
  for (const line of readFileSync(join(DIRECTORY, `${scenario}.go.jsonl`), 'utf8')
    .trim()
    .split('\n')) {
    const event = JSON.parse(line) as GoEvent;
    const { kind, type, address, connectionId, reason, from, to } = event;
    if (kind === 'cmd') add(streams, 'commands', `${type} ${event.name}`);
    else if (kind === 'pool') add(streams, `pool ${address}`, poolText(type, Number(connectionId), reason));
    else if (type === 'ServerDescriptionChanged')
      add(streams, `server ${address}`, `${from} -> ${(to as { kind: string }).kind}`);
    else if (type === 'TopologyDescriptionChanged')
      add(streams, 'topology', `${sorted(from)} -> ${sorted(to as string)}`);
    else if (type.startsWith('Heartbeat')) add(streams, 'heartbeats', `${type} ${event.awaited}`);
    else if (type.startsWith('Server')) add(streams, `server ${address}`, type);
    else if (type.startsWith('Topology')) add(streams, 'topology', type);
  }
  return streams;
}

function poolText(type: string, connectionId: number | undefined, reason: string | undefined): string {
  const id = connectionId === undefined || connectionId === 0 ? '' : ` #${connectionId}`;
  return `${type}${id}${reason === undefined ? '' : ` ${reason}`}`;
}

/** `Kind[h1=A h2=B]` as `Kind[A B]` in an order of its own, since which of two servers answers first is chance. */
function sorted(topology: string | undefined): string {
  const [, kind, servers = ''] = /^(\w+)\[(.*)\]$/.exec(topology ?? '') ?? [];
  return shape(
    kind ?? '',
    servers.split(' ').map(server => server.replace(/^.*=/, '')),
  );
}

function shape(kind: string, servers: readonly string[]): string {
  return `${kind}[${[...servers].sort().join(' ')}]`;
}

/** The fields of our events that are looked at. */
interface AnyEvent {
  readonly name: string;
  readonly address?: string;
  readonly connectionId?: number;
  readonly reason?: string;
  readonly commandName?: string;
  readonly awaited?: boolean;
  readonly previousDescription?: unknown;
  readonly newDescription?: unknown;
}

/** Our events in the same form. */
export function ourStreams(events: readonly MonitoringEvent[], addresses: readonly string[]): Streams {
  const streams: Streams = {};
  for (const event of events) {
    const { name, address, connectionId, reason, commandName, previousDescription, newDescription } = event as AnyEvent;
    const host = `h${addresses.indexOf(address ?? '') + 1}`;
    const type = name.replace(/^./, first => first.toUpperCase());
    if (name.startsWith('command')) add(streams, 'commands', `${type} ${commandName}`);
    else if (name.startsWith('connection')) add(streams, `pool ${host}`, poolText(type, connectionId, reason));
    else if (name.startsWith('serverHeartbeat')) {
      add(streams, 'heartbeats', `${type.replace('Server', '')} ${(event as AnyEvent).awaited}`);
    } else if (name === 'serverDescriptionChanged') {
      const change = [previousDescription, newDescription] as readonly ServerDescription[];
      add(streams, `server ${host}`, change.map(server => server.type).join(' -> '));
    } else if (name === 'topologyDescriptionChanged') {
      const change = [previousDescription, newDescription] as readonly TopologyDescription[];
      const texts = change.map(({ type: kind, servers }) =>
        shape(
          kind,
          [...servers.values()].map(server => server.type),
        ),
      );
      add(streams, 'topology', texts.join(' -> '));
    } else if (name === 'serverOpening' || name === 'serverClosed') add(streams, `server ${host}`, type);
    else if (name.startsWith('topology')) add(streams, 'topology', type);
  }
  return streams;
}

/** Starts the peer against which the streams were recorded. */
export async function startPeer(mode: 'standalone' | 'rs' | 'lb'): Promise<{ addresses: string[]; stop(): void }> {
  const ports = await freePorts(mode === 'rs' ? 3 : 1);
  const settings = JSON.stringify({ mode, ports, lifeMS: 20_000 });
  const child = spawn(process.execPath, [join(DIRECTORY, 'scripted-peer.mjs'), settings], { cwd: ROOT });
  await once(child.stdout, 'data');
  // It says that it is up before it listens.
  await Promise.all(ports.map(listening));
  return { addresses: ports.map(port => `127.0.0.1:${port}`), stop: () => child.kill() };
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const outcome = await Promise.race([once(socket, 'connect').then(() => 'open'), once(socket, 'close')]).catch(
      () => 'refused',
    );
    socket.destroy();
    if (outcome === 'open') return;
  }
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map(server => once(server, 'listening')));
  const ports = servers.map(server => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}
