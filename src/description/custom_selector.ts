import type { ServerDescription } from './server_description.js';
import type { TopologyDescription } from './topology_description.js';

/**
 * A program's own choice among the servers that suit an operation: returns those of them that may be taken. Of these the driver takes one
 * within `localThresholdMS`. Called for each selection, with one server or more; synchronous. An error that it throws is that of the
 * operation. When it returns none, the operation waits for a change of the deployment.
 *
 * Source: Server Selection, "serverSelector".
 *
 * @public
 */
export type CustomServerSelector = (
  topologyDescription: TopologyDescription,
  servers: ServerDescription[],
) => readonly ServerDescription[];
