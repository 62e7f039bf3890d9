import {
  type ReadPreference,
  type ReadPreferenceDocument,
  readPreferenceDocument,
} from '../concern/read_preference.js';
import { ServerType, TopologyType } from '../description/types.js';

const PRIMARY_PREFERRED: ReadPreferenceDocument = Object.freeze({ mode: 'primaryPreferred' });

/**
 * `$readPreference` of a command, or undefined when it goes without.
 *
 * Source: Server Selection, "Passing read preference to mongos and load balancers" and "Topology type Single".
 */
export function readPreferenceField(
  readPreference: ReadPreference,
  topology: TopologyType,
  server: ServerType,
): ReadPreferenceDocument | undefined {
  if (server === ServerType.Standalone) return undefined;
  const primary = readPreference.mode === 'primary';
  if (topology === TopologyType.Single && server !== ServerType.Mongos) {
    // A member addressed directly answers whatever its state is.
    return primary ? PRIMARY_PREFERRED : readPreferenceDocument(readPreference);
  }
  return primary ? undefined : readPreferenceDocument(readPreference);
}
