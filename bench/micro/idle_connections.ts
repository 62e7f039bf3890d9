/**
 * What a connection in the pool holds of the heap while it is idle, ours and the official driver's, each in a process of its own.
 *
 *   node scripts/build.mjs && node .build/bench/micro/idle_connections.js [connections]
 *
 * The official driver opens those of minPoolSize slowly: several hundred take it minutes.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { MongoClient as OfficialClient } from 'mongodb';
import { MongoClient } from 'mongotempo';
import { launch } from 'mongotempo-server';
import { median } from '../ops/statistics.js';

const CONNECTIONS = Number(process.argv[2] ?? 300);
const ROUNDS = 5;

type Name = 'ours' | 'official' | 'sockets';

/** Connects, and tells the bytes of heap for each connection. */
async function measure(name: Name, uri: string): Promise<number> {
  const warm = await opened(name, uri, 20);
  await warm();
  const before = await heapUsed();
  const close = await opened(name, uri, CONNECTIONS);
  const after = await heapUsed();
  await close();
  return (after - before) / CONNECTIONS;
}

async function opened(name: Name, uri: string, connections: number): Promise<() => Promise<void>> {
  if (name === 'sockets') return openedSockets(uri, connections);
  const options = {
    minPoolSize: connections,
    maxPoolSize: connections,
    maxConnecting: 50,
    heartbeatFrequencyMS: 60_000,
  };
  const client: OfficialClient =
    name === 'ours' ? (new MongoClient(uri, options) as never) : new OfficialClient(uri, options);
  let ready = 0;
  const onReady = () => ready++;
  client.on('connectionReady', onReady);
  await client.connect();
  while (ready < connections) await pause(20);
  client.off('connectionReady', onReady);
  return () => client.close();
}

/** The floor: what Node.js needs for a socket that has been read from. */
async function openedSockets(uri: string, connections: number): Promise<() => Promise<void>> {
  const { connect } = await import('node:net');
  const { hostname, port } = new URL(uri);
  const buffer = Buffer.alloc(1024);
  const sockets = Array.from({ length: connections }, () =>
    connect({ host: hostname, port: Number(port), onread: { buffer, callback: () => true } }),
  );
  await Promise.all(sockets.map(socket => once(socket, 'connect')));
  return async () => {
    for (const socket of sockets) socket.destroy();
    await pause(100);
  };
}

async function heapUsed(): Promise<number> {
  for (let turn = 0; turn < 5; turn++) {
    await pause(50);
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}

async function inProcess(name: Name, uri: string): Promise<number> {
  const child = fork(__filename, [String(CONNECTIONS), name, uri], { execArgv: ['--expose-gc'] });
  const [bytes] = (await once(child, 'message')) as [number];
  await once(child, 'exit');
  return bytes;
}

async function main(): Promise<void> {
  const [, , , name, uri] = process.argv;
  if (name !== undefined && uri !== undefined) {
    process.send?.(await measure(name as Name, uri));
    process.disconnect();
    return;
  }
  const server = await launch();
  const samples: Record<Name, number[]> = { ours: [], official: [], sockets: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of ['ours', 'official', 'sockets'] as const) samples[name].push(await inProcess(name, server.uri));
  }
  await server.stop();
  const [ours, official, sockets] = [median(samples.ours), median(samples.official), median(samples.sockets)];
  console.log(`bytes of heap for each of ${CONNECTIONS} idle connections, medians of ${ROUNDS} rounds`);
  console.log(
    `ours ${ours.toFixed(0)}, official ${official.toFixed(0)}, a socket of Node.js alone ${sockets.toFixed(0)}`,
  );
  console.log(
    `ours/official ${(ours / official).toFixed(2)}, without the socket itself ${((ours - sockets) / (official - sockets)).toFixed(2)}`,
  );
}

void main();
