import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import type { MonitoringEvent, ServerDescription, TopologyDescription } from 'mongotempo';

/** Compiled, this file lies in `.build/test/support`. */
const ROOT = resolve(__dirname, '../../..');
const DEFAULT = resolve(ROOT, '../shared/golden');
const DIRECTORY = resolve(ROOT, process.env['GOLDEN_DIR'] ?? DEFAULT);
const SUFFIX = /(\.go)?\.jsonl$/;

/** The peer that the streams were recorded against: beside them, or in the default folder. */
const PEER = [DIRECTORY, DEFAULT].map(folder => join(folder, 'scripted-peer.mjs')).find(existsSync);

/** The streams in the folder, whatever their names. */
export function streamFiles(): readonly string[] {
  if (!existsSync(DIRECTORY)) return [];
  return readdirSync(DIRECTORY)
    .filter(file => SUFFIX.test(file))
    .sort();
}

/** Why the golden tests are skipped; false when they can run. */
export const skipReason: string | false =
  streamFiles().length === 0
    ? `there are no recorded streams in ${DIRECTORY}; set GOLDEN_DIR to their folder`
    : PEER === undefined
      ? `there is no scripted-peer.mjs in ${DIRECTORY} or ${DEFAULT}`
      : false;

/**
 * Events as short texts, in one stream each: those of commands, of each pool, of each server, of the topology, and the heartbeats of each
 * server; and merged, in the order in which they came, as far as the design fixes it: what concerns connections and commands (`operations`),
 * and, where there is one server only, what concerns its discovery (`discovery`).
 */
export type Streams = Record<string, string[]>;

export interface GoEvent {
  readonly kind: 'cmd' | 'pool' | 'sdam' | 'note';
  readonly type: string;
  readonly address?: string;
  readonly connectionId?: number | string;
  readonly name?: string;
  readonly reason?: string;
  readonly from?: string;
  readonly to?: string | { readonly kind: string };
  readonly awaited?: boolean;
  readonly durNs?: number;
  readonly command?: string;
  readonly failure?: string;
  readonly options?: { readonly maxPoolSize: number; readonly minPoolSize: number };
}

export function readStream(file: string): readonly GoEvent[] {
  const lines = readFileSync(join(DIRECTORY, file), 'utf8').split('\n');
  return lines.filter(line => line.trim() !== '').map(line => JSON.parse(line) as GoEvent);
}

/** The name of the scenario that was recorded: what the stream itself says, else the name of its file. */
export function nameOf(file: string, events: readonly GoEvent[]): string {
  const note = events.find(({ kind, type }) => kind === 'note' && type.startsWith('scenario '));
  return note?.type.slice('scenario '.length) ?? file.replace(SUFFIX, '');
}

function add(streams: Streams, stream: string, text: string): void {
  (streams[stream] ??= []).push(text);
}

/** What was recorded of the Go driver. */
export function goStreams(events: readonly GoEvent[]): Streams {
  const streams: Streams = {};
  const isAlone =
    new Set(events.filter(({ type }) => type === 'ServerOpening').map(({ address }) => address)).size === 1;
  for (const event of events) {
    const { kind, type, address, connectionId, reason, from, to } = event;
    if (kind === 'cmd') addOperation(streams, 'commands', `${type} ${event.name}`);
    else if (kind === 'pool')
      addPool(streams, `pool ${address}`, poolText(type, Number(connectionId), reason), isAlone);
    else if (type === 'ServerDescriptionChanged')
      addDiscovery(streams, `server ${address}`, `${from} -> ${(to as { kind: string }).kind}`, isAlone);
    else if (type === 'TopologyDescriptionChanged')
      addDiscovery(streams, 'topology', `${sorted(from)} -> ${sorted(to as string)}`, isAlone);
    else if (type.startsWith('Heartbeat')) {
      const host = /^(h\d+)\[/.exec(String(connectionId))?.[1];
      // Go tells of a start on no connection yet ("0"), and so of no server.
      if (type !== 'HeartbeatStarted') addDiscovery(streams, `heartbeats ${host}`, `${type} ${event.awaited}`, isAlone);
    } else if (type.startsWith('Server')) add(streams, `server ${address}`, type);
    else if (type.startsWith('Topology')) add(streams, 'topology', type);
  }
  return streams;
}

function addOperation(streams: Streams, stream: string, text: string): void {
  add(streams, stream, text);
  add(streams, 'operations', text);
}

/** The events of a pool as a whole have their place in the discovery of its server, and those of connections beside commands. */
function addPool(streams: Streams, stream: string, text: string, isAlone: boolean): void {
  add(streams, stream, text);
  if (!text.startsWith('ConnectionPool')) add(streams, 'operations', text);
  else if (isAlone && /^ConnectionPoolCleared/.test(text)) add(streams, 'discovery', text);
}

function addDiscovery(streams: Streams, stream: string, text: string, isAlone: boolean): void {
  add(streams, stream, text);
  if (isAlone) add(streams, 'discovery', text);
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
  const isAlone = events.filter(({ name }) => name === 'serverOpening').length === 1;
  for (const event of events) {
    const { name, address, connectionId, reason, commandName, previousDescription, newDescription } = event as AnyEvent;
    const host = `h${addresses.indexOf(address ?? '') + 1}`;
    const type = name.replace(/^./, first => first.toUpperCase());
    if (name.startsWith('command')) addOperation(streams, 'commands', `${type} ${commandName}`);
    else if (name.startsWith('connection'))
      addPool(streams, `pool ${host}`, poolText(type, connectionId, reason), isAlone);
    else if (name.startsWith('serverHeartbeat')) {
      const text = `${type.replace('Server', '')} ${(event as AnyEvent).awaited}`;
      if (name !== 'serverHeartbeatStarted') addDiscovery(streams, `heartbeats ${host}`, text, isAlone);
    } else if (name === 'serverDescriptionChanged') {
      const change = [previousDescription, newDescription] as readonly ServerDescription[];
      addDiscovery(streams, `server ${host}`, change.map(server => server.type).join(' -> '), isAlone);
    } else if (name === 'topologyDescriptionChanged') {
      const change = [previousDescription, newDescription] as readonly TopologyDescription[];
      const texts = change.map(({ type: kind, servers }) =>
        shape(
          kind,
          [...servers.values()].map(server => server.type),
        ),
      );
      addDiscovery(streams, 'topology', texts.join(' -> '), isAlone);
    } else if (name === 'serverOpening' || name === 'serverClosed') add(streams, `server ${host}`, type);
    else if (name.startsWith('topology')) add(streams, 'topology', type);
  }
  return streams;
}

/** Starts the peer against which the streams were recorded. */
export async function startPeer(
  mode: 'standalone' | 'rs' | 'lb',
  more: object = {},
): Promise<{ addresses: string[]; stop(): void }> {
  const ports = await freePorts(mode === 'rs' ? 3 : 1);
  const settings = JSON.stringify({ mode, ports, lifeMS: 600_000, ...more });
  const child = spawn(process.execPath, [PEER ?? '', settings], { cwd: ROOT });
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
