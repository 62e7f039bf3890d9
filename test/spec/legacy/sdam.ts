import assert from 'node:assert/strict';
import { type Document, EJSON } from '../../../src/bson/index.js';
import { parseHello } from '../../../src/description/hello.js';
import { loadBalancerServer, type ServerDescription } from '../../../src/description/server_description.js';
import { initialTopology, TopologyDescription } from '../../../src/description/topology_description.js';
import type { MongoError } from '../../../src/errors/base.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { diffTopology } from '../../../src/sdam/diff.js';
import { type Reaction, reactTo, reactToFailedCheck } from '../../../src/sdam/error_reaction.js';
import { applyServerDescription } from '../../../src/sdam/transitions.js';
import { contentOf } from './sdam_support.js';
import type { LegacySuite } from './suite.js';

interface ApplicationError {
  readonly address: string;
  readonly generation?: number;
  readonly when: 'beforeHandshakeCompletes' | 'afterHandshakeCompletes';
  readonly type: 'command' | 'network' | 'timeout';
  readonly response?: Document;
}

interface Phase {
  readonly description?: string;
  readonly responses?: [address: string, reply: Document][];
  readonly applicationErrors?: ApplicationError[];
  readonly outcome: Document;
}

interface Content {
  readonly description: string;
  readonly uri: string;
  readonly phases: Phase[];
}

const AREAS = ['rs', 'sharded', 'single', 'load-balanced', 'errors', 'monitoring'];
const TIMES = { roundTripTime: 1, minRoundTripTime: 0, lastUpdateTime: 1 };

/** The least that a topology does around the pure functions: generations of pools, and the order of events. */
class Shell {
  topology: TopologyDescription;
  readonly generations = new Map<string, number>();
  readonly #events: Document[] = [];
  readonly #loadBalanced: boolean;

  constructor(uri: string) {
    const { hosts, options } = parse(uri);
    this.#loadBalanced = options.get('loadBalanced') === 'true';
    this.topology = initialTopology({
      hosts,
      replicaSet: options.get('replicaSet') ?? undefined,
      directConnection: options.get('directConnection') === 'true',
      loadBalanced: this.#loadBalanced,
      heartbeatFrequencyMS: 10_000,
      localThresholdMS: 15,
    });
    this.#open();
  }

  /** What was published since the last call. */
  takeEvents(): Document[] {
    return this.#events.splice(0);
  }

  check([address, reply]: [string, Document]): void {
    const known = this.topology.servers.get(address);
    if (known === undefined) return;
    if (Object.keys(reply).length > 0) this.#update(parseHello(address, reply, TIMES));
    else this.#react(address, reactToFailedCheck(new MongoNetworkError('connection closed'), known));
  }

  fail({ address, generation, when, type, response = {} }: ApplicationError): void {
    const description = this.topology.servers.get(address);
    assert.ok(description);
    const poolGeneration = this.generations.get(address) ?? 0;
    const isEarly = when === 'beforeHandshakeCompletes';
    const reaction = reactTo(errorOf(type, response, isEarly), {
      connectionGeneration: generation ?? poolGeneration,
      poolGeneration,
      phase: isEarly ? 'beforeHandshake' : 'afterHandshake',
      description,
      loadBalanced: this.#loadBalanced,
    });
    this.#react(address, reaction);
  }

  #react(address: string, { markUnknown, clearPool }: Reaction): void {
    if (markUnknown !== null) this.#update(markUnknown);
    if (clearPool) this.generations.set(address, (this.generations.get(address) ?? 0) + 1);
  }

  #open(): void {
    const { heartbeatFrequencyMS, localThresholdMS, servers } = this.topology;
    const nothing = new TopologyDescription({
      type: 'Unknown',
      setName: null,
      maxSetVersion: null,
      maxElectionId: null,
      servers: new Map(),
      heartbeatFrequencyMS,
      localThresholdMS,
      seedCount: 0,
    });
    this.#events.push({ topology_opening_event: { topologyId: '42' } });
    this.#publishTopologyChange(nothing, this.topology);
    for (const address of servers.keys()) this.#openServer(address);
    if (!this.#loadBalanced) return;
    for (const address of servers.keys()) this.#update(loadBalancerServer(address));
  }

  #update(server: ServerDescription): void {
    const before = this.topology;
    this.topology = applyServerDescription(before, server);
    const { added, removed, changed, differs } = diffTopology(before, this.topology);
    for (const { previous, next } of changed) {
      this.#events.push({
        server_description_changed_event: {
          topologyId: '42',
          address: next.address,
          previousDescription: serverJSON(previous),
          newDescription: serverJSON(next),
        },
      });
    }
    for (const address of removed) {
      this.generations.delete(address);
      this.#events.push({ server_closed_event: { topologyId: '42', address } });
    }
    for (const address of added) this.#openServer(address);
    if (differs) this.#publishTopologyChange(before, this.topology);
  }

  #openServer(address: string): void {
    this.generations.set(address, 0);
    this.#events.push({ server_opening_event: { topologyId: '42', address } });
  }

  #publishTopologyChange(previous: TopologyDescription, next: TopologyDescription): void {
    this.#events.push({
      topology_description_changed_event: {
        topologyId: '42',
        previousDescription: topologyJSON(previous),
        newDescription: topologyJSON(next),
      },
    });
  }
}

function parse(uri: string): { hosts: string[]; options: URLSearchParams } {
  const [hosts = '', query = ''] = uri.replace('mongodb://', '').split(/\/?\?|\/$/);
  return { hosts: hosts.split(','), options: new URLSearchParams(query) };
}

function errorOf(type: ApplicationError['type'], response: Document, isEarly: boolean): MongoError {
  if (type === 'command') return new MongoServerError(response);
  // While a connection is being established, the driver labels every network error as a sign of overload.
  const details = isEarly ? { labels: ['SystemOverloadedError', 'RetryableError'] } : {};
  return type === 'network'
    ? new MongoNetworkError('connection closed', details)
    : new MongoNetworkTimeoutError('connection timed out', details);
}

function serverJSON({ address, type, arbiters, hosts, passives, primary, setName }: ServerDescription): Document {
  return {
    address,
    type,
    arbiters: [...arbiters],
    hosts: [...hosts],
    passives: [...passives],
    ...(primary === null ? {} : { primary }),
    ...(setName === null ? {} : { setName }),
  };
}

function topologyJSON({ type, setName, candidates }: TopologyDescription): Document {
  return {
    topologyType: type,
    ...(setName === null ? {} : { setName }),
    servers: candidates.map(serverJSON),
  };
}

function checkServer(server: ServerDescription, expected: Document, shell: Shell): void {
  for (const [name, value] of Object.entries(expected)) {
    switch (name) {
      case 'type':
        assert.equal(server.type, value);
        break;
      case 'error':
        assert.ok(server.error?.message.includes(value as string), `error of ${server.address}`);
        break;
      case 'pool':
        assert.equal(shell.generations.get(server.address), (value as { generation: number }).generation);
        break;
      case 'minWireVersion':
      case 'maxWireVersion':
        // A server that was never asked has 0 in this driver, as in the official one, and null in the files.
        assert.equal(server[name], value ?? 0, `${name} of ${server.address}`);
        break;
      default:
        assert.ok(name in server, `unknown expectation ${name}`);
        assert.deepEqual(plain((server as unknown as Document)[name]), plain(value), `${name} of ${server.address}`);
    }
  }
}

function checkOutcome(shell: Shell, outcome: Document): void {
  const { topology } = shell;
  for (const [name, value] of Object.entries(outcome)) {
    switch (name) {
      case 'topologyType':
        assert.equal(topology.type, value);
        break;
      case 'servers': {
        const servers = value as Record<string, Document>;
        assert.deepEqual([...topology.servers.keys()].sort(), Object.keys(servers).sort());
        for (const [address, expected] of Object.entries(servers)) {
          checkServer(topology.servers.get(address)!, expected, shell);
        }
        break;
      }
      case 'events':
        assert.deepEqual(shell.takeEvents(), value);
        break;
      default:
        assert.ok(name in topology, `unknown expectation ${name}`);
        assert.deepEqual(plain((topology as unknown as Document)[name]), plain(value), name);
    }
  }
}

/** Object ids and int64s as they stand in JSON, so that the bson types of two decoders compare. */
function plain(value: unknown): unknown {
  return JSON.parse(EJSON.stringify(value ?? null, { relaxed: true }));
}

/** The state machine of a topology: its pure functions, and the order of their events. */
export const sdamSuites: readonly LegacySuite[] = AREAS.map(area => ({
  folder: `server-discovery-and-monitoring/tests/${area}`,
  cases(file) {
    const { description, uri, phases } = contentOf(file) as Content;
    return [{ description, run: () => runPhases(uri, phases) }];
  },
}));

function runPhases(uri: string, phases: readonly Phase[]): void {
  const shell = new Shell(uri);

  for (const phase of phases) {
    for (const response of phase.responses ?? []) shell.check(response);
    for (const error of phase.applicationErrors ?? []) shell.fail(error);
    checkOutcome(shell, phase.outcome);
  }
}
