import type { Document } from '../bson/index.js';
import type { SessionState } from './session_state.js';

/** How a command takes part in a session. */
export type SessionRole =
  /** The command is part of the transaction, and of the order that a causal session keeps. */
  | 'ordinary'
  /** A command that the caller wrote. Only the fields that a transaction needs are added. */
  | 'asGiven'
  /** commitTransaction or abortTransaction. */
  | 'endsTransaction';

/** Commands that read, or whose writes a causal session orders after what it has seen (Causal Consistency, "Read and write operations"). */
const CAUSAL_COMMANDS: ReadonlySet<string> = new Set([
  'aggregate',
  'bulkWrite',
  'count',
  'create',
  'createIndexes',
  'delete',
  'distinct',
  'drop',
  'dropDatabase',
  'dropIndexes',
  'find',
  'findAndModify',
  'insert',
  'update',
]);

/** Commands that continue another command, and accept no read concern. */
const WITHOUT_READ_CONCERN: ReadonlySet<string> = new Set(['getMore', 'killCursors']);

/** The facts about a command that decide its session fields. */
export interface SessionCommand {
  readonly name: string;
  readonly role: SessionRole;
  /** Whether the deployment has sent a cluster time. Without one, it does not know `afterClusterTime`. */
  readonly hasClusterTime: boolean;
}

/**
 * Adds the fields of a session to a command: all but `lsid`, `txnNumber` and `$clusterTime`.
 *
 * Source: Transactions, "Constructing commands within a transaction"; Causal Consistency; Snapshot Reads.
 */
export function addSessionFields(
  body: Document,
  session: SessionState,
  { name, role, hasClusterTime }: SessionCommand,
): void {
  const { transaction, settings } = session;
  const afterClusterTime = settings.causal && hasClusterTime ? session.operationTime : undefined;
  if (role === 'endsTransaction' || transaction.isActive) {
    body['autocommit'] = false;
    if (transaction.state !== 'starting') return;
    body['startTransaction'] = true;
    const readConcern = transaction.readConcernDocument(afterClusterTime);
    if (readConcern !== undefined) body['readConcern'] = { ...readConcern, ...readConcernOf(body) };
    return;
  }
  if (settings.snapshot && !WITHOUT_READ_CONCERN.has(name)) {
    const { snapshotTime } = session;
    body['readConcern'] = { level: 'snapshot', ...(snapshotTime !== undefined && { atClusterTime: snapshotTime }) };
    return;
  }
  if (afterClusterTime !== undefined && role === 'ordinary' && CAUSAL_COMMANDS.has(name)) {
    body['readConcern'] = { ...readConcernOf(body), afterClusterTime };
  }
}

function readConcernOf(body: Document): Document | undefined {
  return Object.hasOwn(body, 'readConcern') ? (body['readConcern'] as Document) : undefined;
}
