export { type TestClusterOptions } from './cluster/options.js';
export { TestCluster } from './cluster/test_cluster.js';
export { type TestNode } from './cluster/test_node.js';
export { type LaunchedServer, launch } from './launch.js';
export { type Topology } from './replication/deployment.js';
export { type Clock, type Timer } from './runtime/clock.js';
