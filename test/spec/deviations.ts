import type { DriverName } from './drivers/driver.js';

/** Something that a driver does otherwise than the specifications, on purpose or not, and the tests that show it. */
export interface Deviation {
  readonly driver: DriverName;
  readonly why: string;
  /** By the file, without `.json`: the descriptions of its tests. */
  readonly tests: Readonly<Record<string, readonly string[]>>;
}

/** Found by running the drivers on our server; each is one of the driver, as calibration.md tells of the official one. */
export const deviations: readonly Deviation[] = [
  {
    driver: 'mongotempo',
    why: 'it has no mapReduce, as the package that it replaces has none',
    tests: {
      'retryable-reads/tests/unified/mapReduce': [
        'MapReduce fails with retry off',
        'MapReduce fails with retry on',
        'MapReduce succeeds with retry on',
      ],
    },
  },
  {
    driver: 'mongodb',
    why: 'its commitTransaction and abortTransaction carry wtimeout: 10000 from the first attempt on',
    tests: {
      'transactions-convenient-api/tests/unified/transaction-options': [
        'withTransaction explicit transaction options',
        'withTransaction explicit transaction options override client options',
        'withTransaction explicit transaction options override defaultTransactionOptions',
        'withTransaction inherits transaction options from client',
        'withTransaction inherits transaction options from defaultTransactionOptions',
      ],
      'transactions/tests/unified/client-bulkWrite': [
        'client writeConcern ignored for client bulkWrite in transaction',
      ],
      'transactions/tests/unified/error-labels': [
        'add UnknownTransactionCommitResult label to MaxTimeMSExpired',
        'add UnknownTransactionCommitResult label to writeConcernError MaxTimeMSExpired',
        'add UnknownTransactionCommitResult label to writeConcernError WriteConcernTimeout',
        'add UnknownTransactionCommitResult label to writeConcernError WriteConcernTimeout with wtimeout',
        'omit UnknownTransactionCommitResult label from writeConcernError UnknownReplWriteConcern',
        'omit UnknownTransactionCommitResult label from writeConcernError UnsatisfiableWriteConcern',
      ],
      'transactions/tests/unified/findOneAndDelete': ['collection writeConcern ignored for findOneAndDelete'],
      'transactions/tests/unified/findOneAndReplace': ['collection writeConcern ignored for findOneAndReplace'],
      'transactions/tests/unified/findOneAndUpdate': ['collection writeConcern ignored for findOneAndUpdate'],
      'transactions/tests/unified/mongos-recovery-token-errorLabels': [
        'commitTransaction retry succeeds on new mongos',
      ],
      'transactions/tests/unified/retryable-abort': [
        'abortTransaction does not retry after WriteConcernError Interrupted',
      ],
      'transactions/tests/unified/retryable-abort-errorLabels': [
        'abortTransaction succeeds after WriteConcernError InterruptedAtShutdown',
        'abortTransaction succeeds after WriteConcernError InterruptedDueToReplStateChange',
        'abortTransaction succeeds after WriteConcernError PrimarySteppedDown',
        'abortTransaction succeeds after WriteConcernError ShutdownInProgress',
      ],
      'transactions/tests/unified/retryable-commit': [
        'commitTransaction is not retried after UnsatisfiableWriteConcern error',
      ],
      'transactions/tests/unified/retryable-commit-errorLabels': [
        'commitTransaction succeeds after WriteConcernError InterruptedAtShutdown',
        'commitTransaction succeeds after WriteConcernError InterruptedDueToReplStateChange',
        'commitTransaction succeeds after WriteConcernError PrimarySteppedDown',
        'commitTransaction succeeds after WriteConcernError ShutdownInProgress',
      ],
      'transactions/tests/unified/transaction-options': [
        'client writeConcern ignored for bulk',
        'defaultTransactionOptions override client options',
        'readConcern local in defaultTransactionOptions',
        'startTransaction options override defaults',
        'transaction options inherited from defaultTransactionOptions',
      ],
      'transactions/tests/unified/write-concern': ['abort with majority', 'commit with majority'],
      'unified-test-format/tests/valid-pass/poc-transactions-convenient-api': [
        'withTransaction explicit transaction options',
        'withTransaction inherits transaction options from client',
        'withTransaction inherits transaction options from defaultTransactionOptions',
      ],
    },
  },
  {
    driver: 'mongodb',
    why: 'it redacts failures of sensitive commands that never reached the server, too',
    tests: {
      'command-logging-and-monitoring/tests/logging/redacted-commands': [
        'network error in response to authenticate is not redacted',
        'network error in response to createUser is not redacted',
        'network error in response to saslContinue is not redacted',
        'network error in response to saslStart is not redacted',
        'network error in response to updateUser is not redacted',
      ],
    },
  },
  {
    driver: 'mongodb',
    why: 'its GridFS asks for {_id: {$eq: id}} where the test expects {_id: id}',
    tests: {
      'retryable-reads/tests/unified/gridfs-download': [
        'Download fails on first attempt',
        'Download fails on second attempt',
        'Download succeeds on first attempt',
        'Download succeeds on second attempt',
      ],
      'retryable-reads/tests/unified/gridfs-download-serverErrors': [
        'Download fails after NotWritablePrimary when retryReads is false',
        'Download fails after two NotWritablePrimary errors',
        'Download succeeds after HostNotFound',
        'Download succeeds after HostUnreachable',
        'Download succeeds after InterruptedAtShutdown',
        'Download succeeds after InterruptedDueToReplStateChange',
        'Download succeeds after NetworkTimeout',
        'Download succeeds after NotPrimaryNoSecondaryOk',
        'Download succeeds after NotPrimaryOrSecondary',
        'Download succeeds after NotWritablePrimary',
        'Download succeeds after PrimarySteppedDown',
        'Download succeeds after ShutdownInProgress',
        'Download succeeds after SocketException',
      ],
    },
  },
  {
    driver: 'mongodb',
    why: 'it leaves bypassDocumentValidation out when it is false',
    tests: {
      'crud/tests/unified/bypassDocumentValidation': [
        'Aggregate with $out passes bypassDocumentValidation: false',
        'BulkWrite passes bypassDocumentValidation: false',
        'FindOneAndReplace passes bypassDocumentValidation: false',
        'FindOneAndUpdate passes bypassDocumentValidation: false',
        'InsertMany passes bypassDocumentValidation: false',
      ],
    },
  },
  {
    driver: 'mongodb',
    why: 'its causally consistent sessions send afterClusterTime in transactions of read concern local',
    tests: {
      'transactions/tests/unified/transaction-options': ['transaction options inherited from client'],
    },
  },
  {
    driver: 'mongodb',
    why: 'it replaces an _id of null by an ObjectId',
    tests: {
      'crud/tests/unified/create-null-ids': [
        'inserting _id with type null via bulkWrite',
        'inserting _id with type null via clientBulkWrite',
        'inserting _id with type null via insertMany',
        'inserting _id with type null via insertOne',
      ],
    },
  },
  {
    driver: 'mongodb',
    why: 'it gives the connection of a cursor back when its getMore fails',
    tests: {
      'load-balancers/tests/cursors': [
        'pinned connections are not returned after an network error during getMore',
        'pinned connections are not returned to the pool after a non-network error on getMore',
      ],
    },
  },
  {
    driver: 'mongodb',
    why: 'it has no mapReduce',
    tests: {
      'retryable-reads/tests/unified/mapReduce': [
        'MapReduce fails with retry off',
        'MapReduce fails with retry on',
        'MapReduce succeeds with retry on',
      ],
    },
  },
  {
    driver: 'mongodb',
    why: 'its client.bulkWrite takes a write concern inside a transaction',
    tests: {
      'transactions/tests/unified/client-bulkWrite': [
        'client bulkWrite with writeConcern in a transaction causes a transaction error',
      ],
    },
  },
  {
    driver: 'mongodb',
    why: 'its log messages have no operationId',
    tests: {
      'command-logging-and-monitoring/tests/logging/operation-id': [
        'Failed bulk write command log message includes operationId',
        'Successful bulk write command log messages include operationIds',
      ],
      'server-selection/tests/logging/operation-id': [
        'Failed bulkWrite operation: log messages have operationIds',
        'Failed client bulkWrite operation: log messages have operationIds',
        'Successful bulkWrite operation: log messages have operationIds',
        'Successful client bulkWrite operation: log messages have operationIds',
      ],
    },
  },
  {
    driver: 'mongodb',
    why: 'its GridFSBucket has no deleteByName',
    tests: {
      'gridfs/tests/deleteByName': [
        'delete when file name does not exist',
        'delete when multiple revisions of the file exist',
      ],
    },
  },
  {
    driver: 'mongodb',
    why: 'it does not tell of the change to an unknown topology when it closes',
    tests: {
      'server-discovery-and-monitoring/tests/unified/loadbalanced-emit-topology-changed-before-close': [
        'Topology lifecycle',
      ],
      'server-discovery-and-monitoring/tests/unified/logging-sharded': ['Topology lifecycle'],
      'server-discovery-and-monitoring/tests/unified/logging-standalone': ['Topology lifecycle'],
      'server-discovery-and-monitoring/tests/unified/replicaset-emit-topology-changed-before-close': [
        'Topology lifecycle',
      ],
      'server-discovery-and-monitoring/tests/unified/sharded-emit-topology-changed-before-close': [
        'Topology lifecycle',
      ],
      'server-discovery-and-monitoring/tests/unified/standalone-emit-topology-changed-before-close': [
        'Topology lifecycle',
      ],
    },
  },
  {
    driver: 'mongodb',
    why: 'it logs the server selection of connect(), as the operation handshake',
    tests: {
      'server-selection/tests/logging/load-balanced': ['A successful operation - load balanced cluster'],
      'server-selection/tests/logging/replica-set': [
        'A successful operation',
        'Server selection fails due to unsatisfiable read preference',
      ],
      'server-selection/tests/logging/sharded': ['A successful operation', 'Failure due to unreachable server'],
      'server-selection/tests/logging/standalone': ['A successful operation', 'Failure due to unreachable server'],
    },
  },
  {
    driver: 'mongodb',
    why: 'behind a load balancer it does not clear the pool when authentication fails',
    tests: {
      'load-balancers/tests/sdam-error-handling': ['errors during authentication are processed'],
    },
  },
  {
    driver: 'mongodb',
    why: 'its partial result of a bulk write names the ids of documents that were not inserted',
    tests: {
      'retryable-writes/tests/unified/bulkWrite': ['First insertOne is never committed'],
    },
  },
  {
    driver: 'mongodb',
    why: 'a cleared pool makes it mark the server unknown once more',
    tests: {
      'server-discovery-and-monitoring/tests/unified/pool-cleared-error': [
        'PoolClearedError does not mark server unknown',
      ],
    },
  },
  {
    driver: 'mongodb',
    why: 'it calls the first heartbeat awaited when it succeeds',
    tests: {
      'server-discovery-and-monitoring/tests/unified/serverMonitoringMode': [
        'connect with serverMonitoringMode=auto >=4.4',
        'connect with serverMonitoringMode=stream >=4.4',
      ],
    },
  },
  {
    driver: 'mongodb-csot',
    why: 'it does not compare maxAwaitTimeMS of aggregate with timeoutMS',
    tests: {
      'client-side-operations-timeout/tests/tailable-awaitData': [
        'error on aggregate if maxAwaitTimeMS is equal to timeoutMS',
        'error on aggregate if maxAwaitTimeMS is greater than timeoutMS',
      ],
    },
  },
  {
    driver: 'mongodb-csot',
    why: 'its getMore takes the whole maxAwaitTimeMS, and not what is left of timeoutMS',
    tests: {
      'client-side-operations-timeout/tests/tailable-awaitData': [
        'apply remaining timeoutMS if less than maxAwaitTimeMS',
      ],
    },
  },
  {
    driver: 'mongodb-csot',
    why: 'it kills the cursor after a getMore that timed out',
    tests: {
      'client-side-operations-timeout/tests/tailable-awaitData': ['timeoutMS is refreshed for getMore - failure'],
    },
  },
  {
    driver: 'mongodb-csot',
    why: 'behind a load balancer it cannot kill a cursor whose connection it has lost',
    tests: {
      'client-side-operations-timeout/tests/close-cursors': ['timeoutMS is refreshed for close'],
    },
  },
];

const byTest = new Map(
  deviations.flatMap(({ driver, why, tests }) =>
    Object.entries(tests).flatMap(([file, descriptions]) =>
      descriptions.map(description => [keyOf(driver, file, description), why] as const),
    ),
  ),
);

/** Why a driver is known to fail a test; undefined: it is expected to pass. */
export function deviationOf(driver: DriverName, file: string, description: string): string | undefined {
  return byTest.get(keyOf(driver, file, description));
}

function keyOf(driver: DriverName, file: string, description: string): string {
  return `${driver}\0${file}\0${description}`;
}
