import { createRequire } from 'node:module';
import type { Doc } from '../unified/bson_values.js';
import { call, type Driver, type DriverName, type LogMessage } from './driver.js';
import { describeError } from './errors.js';

const load = createRequire(__filename);

/** Unified test format, "assertSessionTransactionState". */
const STATES: Readonly<Record<string, string>> = {
  NO_TRANSACTION: 'none',
  STARTING_TRANSACTION: 'starting',
  TRANSACTION_IN_PROGRESS: 'in_progress',
  TRANSACTION_COMMITTED: 'committed',
  TRANSACTION_COMMITTED_EMPTY: 'committed',
  TRANSACTION_ABORTED: 'aborted',
};

/** What the official driver keeps to itself and its own runner reads too. */
interface OfficialSession {
  readonly transaction: {
    readonly state: string;
    readonly _pinnedServer?: { readonly description: { readonly address: string } };
  };
  readonly isPinned: boolean;
  readonly serverSession: { readonly isDirty: boolean };
}

/** The official driver, by the name under which it is installed. */
export function officialDriver(name: DriverName, packageName: string): Driver {
  return {
    name,
    exports: load(packageName) as object,
    lacks: ['tracing'],
    // connect() would send a ping, which tests neither expect nor ignore.
    clientOptions: { __skipPingOnConnect: true },
    logOptions(components: Doc, write: (message: LogMessage) => void) {
      return {
        mongodbLogComponentSeverities: components,
        mongodbLogMaxDocumentLength: 10_000,
        mongodbLogPath: {
          write({ t: _time, c: component, s: level, ...data }: Record<string, unknown>) {
            write({ component: String(component), level: String(level), data });
          },
        },
      };
    },
    tracingOptions: () => undefined,
    describeError,
    transactionState: session => STATES[(session as OfficialSession).transaction.state] ?? 'unknown',
    isPinned: session => (session as OfficialSession).isPinned,
    pinnedAddress: session => (session as OfficialSession).transaction._pinnedServer?.description.address,
    isDirty: session => (session as OfficialSession).serverSession.isDirty,
    async startChangeStream(stream) {
      await call((stream as { cursor: object }).cursor, 'cursorInit');
    },
  };
}
