import type { Document } from '../../../src/bson/index.js';
import { parseHello } from '../../../src/description/hello.js';
import {
  type InitialTopologyOptions,
  initialTopology,
  type TopologyDescription,
} from '../../../src/description/topology_description.js';
import { applyServerDescription } from '../../../src/sdam/transitions.js';

const MEMBER = { ok: 1, setName: 'rs', hosts: ['a:27017', 'b:27017'], minWireVersion: 0, maxWireVersion: 21 };

/** hello of the primary of `rs`, whose members are a and b. */
export function primary(fields: Document = {}): Document {
  return { ...MEMBER, isWritablePrimary: true, setVersion: 1, ...fields };
}

/** hello of a secondary of `rs`. */
export function secondary(fields: Document = {}): Document {
  return { ...MEMBER, isWritablePrimary: false, secondary: true, ...fields };
}

export function mongos(fields: Document = {}): Document {
  return { ok: 1, isWritablePrimary: true, msg: 'isdbgrid', minWireVersion: 0, maxWireVersion: 21, ...fields };
}

export function standalone(fields: Document = {}): Document {
  return { ok: 1, isWritablePrimary: true, minWireVersion: 0, maxWireVersion: 21, ...fields };
}

/** The topology of the seeds a and b before any check. */
export function initial(options: Partial<InitialTopologyOptions>): TopologyDescription {
  return initialTopology({
    hosts: ['a:27017', 'b:27017'],
    directConnection: false,
    loadBalanced: false,
    heartbeatFrequencyMS: 10_000,
    localThresholdMS: 15,
    ...options,
  });
}

/** What is known after servers answered, each after `roundTripTime` milliseconds. */
export function topologyAfter(
  before: TopologyDescription,
  ...answers: [address: string, reply: Document, roundTripTime?: number][]
): TopologyDescription {
  return answers.reduce((topology, [address, reply, roundTripTime = 5]) => {
    const times = { roundTripTime, minRoundTripTime: roundTripTime, lastUpdateTime: 1000 };
    return applyServerDescription(topology, parseHello(address, reply, times));
  }, before);
}
