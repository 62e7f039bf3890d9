import * as mongotempo from '../../../src/index.js';
import type { SessionState } from '../../../src/sessions/session_state.js';
import type { TransactionState } from '../../../src/sessions/transaction.js';
import type { Feature } from '../unified/features.js';
import { call, type Driver } from './driver.js';
import { describeError } from './errors.js';
import { recordingProvider } from './spans.js';

/** Unified test format, "assertSessionTransactionState". */
const STATES: Readonly<Record<TransactionState, string>> = {
  none: 'none',
  starting: 'starting',
  'in progress': 'in_progress',
  committed: 'committed',
  'committed, empty': 'committed',
  aborted: 'aborted',
};

/** The driver of this repository. */
export const mongotempoDriver: Driver = {
  name: 'mongotempo',
  exports: mongotempo,
  lacks: lacking(),
  // connect() would check out a connection where there are credentials, which tests neither expect nor ignore.
  clientOptions: { __skipPingOnConnect: true },
  logOptions: (components, write) => ({
    mongodbLogComponentSeverities: components,
    mongodbLogMaxDocumentLength: 10_000,
    mongodbLogPath: {
      write({ t: _time, c: component, s: level, ...data }: mongotempo.Log) {
        // The runner itself connects, before a test begins.
        if (data['operation'] !== 'connect') write({ component, level, data });
      },
    },
  }),
  tracingOptions: ({ enableCommandPayload }, write) => ({
    tracing: {
      enabled: true,
      queryTextMaxLength: enableCommandPayload === true ? 10_000 : 0,
      tracerProvider: recordingProvider(write),
    },
  }),
  describeError,
  transactionState: session => STATES[stateOf(session).transaction.state],
  isPinned: session => stateOf(session).pin !== null,
  pinnedAddress: session => stateOf(session).pin?.server.address,
  isDirty: session => stateOf(session).takenServerSession?.isDirty ?? false,
  async startChangeStream(stream) {
    await call(stream, 'start');
  },
};

function stateOf(session: object): SessionState {
  return (session as mongotempo.ClientSession).state;
}

/** Asked of the driver itself, so that tests of a new part run as soon as there is one. */
function lacking(): readonly Feature[] {
  const has: Record<Feature, boolean> = {
    authentication: accepts('mongodb://user:password@localhost/'),
    'change streams': supports(db => (db as unknown as { watch(): unknown }).watch()),
    GridFS: supports(db => Reflect.construct(mongotempo.GridFSBucket, [db])),
    'log messages': true,
    tracing: true,
  };
  return (Object.keys(has) as Feature[]).filter(feature => !has[feature]);
}

/** Whether the driver can do this: what it cannot do yet, it refuses at once. */
function supports(use: (db: mongotempo.Db) => unknown): boolean {
  try {
    use(new mongotempo.MongoClient('mongodb://localhost/').db('test'));
    return true;
  } catch (error) {
    return !(error instanceof mongotempo.MongoCompatibilityError);
  }
}

function accepts(uri: string): boolean {
  try {
    Reflect.construct(mongotempo.MongoClient, [uri]);
    return true;
  } catch {
    return false;
  }
}
