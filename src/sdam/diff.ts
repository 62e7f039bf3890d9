import { type ServerDescription, sameObjectId } from '../description/server_description.js';
import type { TopologyDescription } from '../description/topology_description.js';

export interface ServerChange {
  readonly previous: ServerDescription;
  readonly next: ServerDescription;
}

/** The differences of two descriptions of one deployment. Events are published and servers opened and closed by it. */
export interface TopologyDiff {
  /** Addresses only in the later description. */
  readonly added: readonly string[];
  /** Addresses only in the earlier description. */
  readonly removed: readonly string[];
  /** Servers in both descriptions that differ. */
  readonly changed: readonly ServerChange[];
  /** Whether the change is published. Changes of round trip times alone are not. */
  readonly differs: boolean;
}

/** The cost depends on the number of changes, not of servers. */
export function diffTopology(before: TopologyDescription, after: TopologyDescription): TopologyDiff {
  const between = after.table.since(before.table);
  const added = between.added.map(({ address }) => address);
  const removed = between.removed.map(({ address }) => address);
  const changed: ServerChange[] = [];
  for (const [previous, next] of between.replaced) {
    if (!previous.equals(next)) changed.push({ previous, next });
  }
  const differs = added.length + removed.length + changed.length > 0 || !sameTopologyFields(before, after);
  return { added, removed, changed, differs };
}

function sameTopologyFields(before: TopologyDescription, after: TopologyDescription): boolean {
  return (
    before.type === after.type &&
    before.setName === after.setName &&
    before.maxSetVersion === after.maxSetVersion &&
    sameObjectId(before.maxElectionId, after.maxElectionId)
  );
}
