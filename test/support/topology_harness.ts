import type { Document } from '../../src/bson/index.js';
import { Call, NO_STAGE_LIMITS } from '../../src/call/call.js';
import { Deadline } from '../../src/call/deadline.js';
import { HostAddress } from '../../src/description/host_address.js';
import { ConnectionPool, type PoolOptions } from '../../src/pool/pool.js';
import { systemRandom } from '../../src/runtime/random.js';
import { Monitor } from '../../src/sdam/monitor.js';
import { SelectionRequest } from '../../src/sdam/selection_request.js';
import { Server } from '../../src/sdam/server.js';
import { type ServerSelector, writableSelector } from '../../src/sdam/server_selection.js';
import { Topology, type TopologyOptions } from '../../src/sdam/topology.js';
import { MessageEncoder } from '../../src/wire/message_encoder.js';
import { EventRecorder } from './event_recorder.js';
import { FakeClock } from './fake_clock.js';
import { deadline, establishSettings } from './pool_harness.js';
import { ScriptedServer, STANDALONE } from './scripted_server.js';

const POOL: PoolOptions = {
  maxPoolSize: 100,
  minPoolSize: 0,
  maxConnecting: 2,
  maxIdleTimeMS: 0,
  waitQueueTimeoutMS: 0,
  pendingResponseTimeoutMS: 1000,
};

/** hello of a member of the replica set `rs` with the hosts a, b and c. */
export function member(me: string, fields: Document = {}): Document {
  const hosts = ['a:27017', 'b:27017', 'c:27017'];
  return {
    ...STANDALONE,
    isWritablePrimary: false,
    secondary: true,
    setName: 'rs',
    setVersion: 1,
    hosts,
    me,
    ...fields,
  };
}

export function primaryMember(me: string, fields: Document = {}): Document {
  return member(me, { isWritablePrimary: true, secondary: false, ...fields });
}

/** What an operation asks of a topology. */
export function request(
  selector: ServerSelector,
  wanted = 'primary',
  within = Deadline.background(new FakeClock()),
): SelectionRequest {
  const call = new Call(1, 'find', 'shop.orders', within, NO_STAGE_LIMITS);
  return new SelectionRequest(call, { name: 'find', namespace: 'shop.orders' }, selector, wanted);
}

/** A topology with real servers, pools and monitors over scripted servers. */
export class TopologyHarness {
  readonly clock = new FakeClock();
  readonly events = new EventRecorder();
  readonly server = new ScriptedServer();
  readonly topology: Topology;
  /** What each address answers to hello; null does not answer; an absent one refuses connections. */
  readonly hellos = new Map<string, Document | null>();
  readonly #publisher = this.events.publisher(this.clock);

  constructor(options: Partial<TopologyOptions> & { readonly hosts: readonly string[] }) {
    this.server.hello = ({ peer }) => this.hellos.get(peer.host) ?? null;
    this.topology = new Topology(
      {
        replicaSet: undefined,
        directConnection: false,
        loadBalanced: false,
        heartbeatFrequencyMS: 10_000,
        localThresholdMS: 15,
        srvMaxHosts: 0,
        serverSelector: undefined,
        serverSelectionFailFast: false,
        ...options,
      },
      {
        clock: this.clock,
        random: { next: () => 0, bytes: length => new Uint8Array(length) },
        publisher: this.#publisher,
        openServer: (address, owner) => this.#openServer(address, owner),
      },
    );
  }

  /** The peers at the other end of a server's monitor and pool that are open, oldest first. */
  readonly peersOf = (address: string) => this.server.openPeers.filter(({ host }) => host === address);

  readonly request = (
    { selector = writableSelector, wanted = 'primary' }: Partial<Pick<SelectionRequest, 'selector' | 'wanted'>> = {},
    within?: Deadline,
  ): SelectionRequest => request(selector, wanted, within);

  readonly deadline = (timeoutMS?: number, signal?: AbortSignal) => deadline(this.clock, timeoutMS, signal);

  /** Names of the events of discovery with the addresses that they are about. */
  readonly story = (): string[] =>
    this.events.events
      .filter(({ name }) =>
        /^(topology|server(Opening|Closed|Description|Heartbeat))|Pool(Ready|Cleared|Closed)/.test(name),
      )
      .map(event => {
        const { name } = event;
        const address = 'address' in event ? ` ${String(event.address)}` : '';
        return `${name}${address}`.replace(':27017', '');
      });

  /** Descriptions of the servers as `a RSPrimary`, …, after the type of the topology. */
  readonly types = (): string[] => {
    const { type, servers } = this.topology.description;
    return [type, ...[...servers.values()].map(server => `${server.address.replace(':27017', '')} ${server.type}`)];
  };

  #openServer(address: string, owner: Topology): Server {
    const { host = '', port = 0 } = new HostAddress(address);
    const parts = {
      address,
      target: { host, port },
      transportOptions: {},
      open: this.#open,
      encoder: new MessageEncoder(),
      clock: this.clock,
    };
    const establish = establishSettings(parts);
    const ports = { publisher: this.#publisher, clock: this.clock, random: systemRandom, connection: parts, establish };
    const pool: ConnectionPool = new ConnectionPool(address, POOL, {
      ...ports,
      onHandshake: ({ description, generation }) => owner.onHandshake(description.server, server, generation),
      onConnectionError: (error, { generation, service }) =>
        owner.onError(error, server, {
          connectionGeneration: generation,
          phase: 'beforeHandshake',
          serviceId: service?.id,
        }),
    });
    const { heartbeatFrequencyMS } = owner.description;
    const monitor = new Monitor(
      address,
      { heartbeatFrequencyMS, minHeartbeatFrequencyMS: 500, streaming: false },
      {
        ...ports,
        topologyId: owner.id,
        onChecked: description => owner.onServerDescription(description),
        onCheckFailed: error => owner.onCheckFailed(address, error),
      },
    );
    const server = new Server(address, pool, monitor);
    return server;
  }

  readonly #open: ScriptedServer['open'] = (address, options, handler) => {
    const transport = this.server.open(address, options, handler);
    const peer = this.server.peers.at(-1)!;
    if (!this.hellos.has(peer.host)) {
      peer.reset(Object.assign(new Error(`connect ECONNREFUSED ${peer.host}`), { code: 'ECONNREFUSED' }));
    }
    return transport;
  };
}
