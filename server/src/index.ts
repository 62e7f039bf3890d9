export { TestCluster, type TestClusterOptions } from './cluster/test_cluster.js';
export { type TestNode } from './cluster/test_node.js';
export { type LaunchedServer, launch } from './launch.js';
export { type Clock, type Timer } from './runtime/clock.js';
