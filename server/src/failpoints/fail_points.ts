import { isNumber, toInteger, toNumber } from '../bson/numbers.js';
import { type Document, isDocument, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';

/** What the fail point does to a command. */
export interface Fault {
  readonly errorCode: number | undefined;
  readonly errorLabels: readonly string[] | undefined;
  readonly closeConnection: boolean;
  readonly blockTimeMS: number;
  readonly writeConcernError: Document | undefined;
  readonly errorExtraInfo: Document;
}

/** Which commands a fail point hits. */
export interface Victim {
  readonly command: string;
  readonly appName: string | undefined;
  readonly namespace: string | undefined;
}

type Mode =
  | { kind: 'off' }
  | { kind: 'alwaysOn' }
  | { kind: 'times'; left: number }
  | { kind: 'skip'; left: number }
  | { kind: 'chance'; of: number };

interface FailPoint {
  mode: Mode;
  data: Document;
  timesEntered: number;
}

const supported: ReadonlySet<string> = new Set([
  'failCommand',
  'failGetMoreAfterCursorCheckout',
  'onPrimaryTransactionalWrite',
]);

/** The fail points of one node. */
export class FailPoints {
  readonly #points = new Map<string, FailPoint>();

  /** Runs configureFailPoint and answers how often the point was entered before. */
  configure(name: unknown, mode: unknown, data: unknown): number {
    if (typeof name !== 'string') {
      throw new CommandError(
        ErrorCode.TypeMismatch,
        `BSON field 'configureFailPoint.configureFailPoint' is the wrong type '${typeOf(name)}', expected type 'string'`,
      );
    }
    if (!supported.has(name))
      throw new CommandError(ErrorCode.BadValue, `fail point ${name} is not known to this server`);
    const entered = this.#points.get(name)?.timesEntered ?? 0;
    this.#points.set(name, { mode: parseMode(mode), data: isDocument(data) ? data : {}, timesEntered: entered });
    return entered;
  }

  /** The fault for this command, if the fail point failCommand is on for it; counts down its mode. */
  take(victim: Victim): Fault | undefined {
    const data = this.#enter('failCommand', point => isHit(point.data, victim));
    return data === undefined ? undefined : parseFault(data);
  }

  /** The fault for a getMore whose cursor has been found. */
  takeOnGetMore(): Fault | undefined {
    const data = this.#enter('failGetMoreAfterCursorCheckout');
    return data === undefined ? undefined : parseFault(data);
  }

  /** What is to become of a retryable write: by default it is done, and the connection is closed before the reply. */
  takeOnRetryableWrite(): { readonly failsBefore: number | undefined; readonly closeConnection: boolean } | undefined {
    const data = this.#enter('onPrimaryTransactionalWrite');
    if (data === undefined) return undefined;
    const code = data['failBeforeCommitExceptionCode'];
    return {
      failsBefore: isNumber(code) ? toInteger(code) : undefined,
      closeConnection: data['closeConnection'] !== false,
    };
  }

  #enter(name: string, isMeant: (point: FailPoint) => boolean = () => true): Document | undefined {
    const point = this.#points.get(name);
    if (point === undefined || point.mode.kind === 'off' || !isMeant(point)) return undefined;
    if (!countDown(point.mode)) return undefined;
    if (point.mode.kind === 'times' && point.mode.left === 0) point.mode = { kind: 'off' };
    point.timesEntered++;
    return point.data;
  }

  clear(): void {
    this.#points.clear();
  }
}

function parseMode(mode: unknown): Mode {
  if (mode === 'off') return { kind: 'off' };
  if (mode === 'alwaysOn') return { kind: 'alwaysOn' };
  if (isDocument(mode)) {
    const chance = mode['activationProbability'];
    if (isNumber(chance)) return { kind: 'chance', of: toNumber(chance) };
    for (const kind of ['times', 'skip'] as const) {
      const left = toInteger(mode[kind]);
      if (left !== undefined && left >= 0) return { kind, left };
    }
  }
  throw new CommandError(
    ErrorCode.BadValue,
    "unknown mode of a fail point: use 'off', 'alwaysOn', {times: n}, {skip: n} or {activationProbability: p}",
  );
}

function isHit(data: Document, { command, appName, namespace }: Victim): boolean {
  const commands = data['failCommands'];
  if (!Array.isArray(commands) || !commands.some(name => isSameCommand(String(name), command))) return false;
  if (data['appName'] !== undefined && data['appName'] !== appName) return false;
  return data['namespace'] === undefined || data['namespace'] === namespace;
}

/** Old commands have two spellings: ismaster and isMaster, findandmodify and findAndModify. */
function isSameCommand(left: string, right: string): boolean {
  return left === right || left.toLowerCase() === right.toLowerCase();
}

/** Whether this time counts. */
function countDown(mode: Mode): boolean {
  switch (mode.kind) {
    case 'off':
      return false;
    case 'alwaysOn':
      return true;
    case 'chance':
      return Math.random() < mode.of;
    case 'times':
      mode.left--;
      return mode.left >= 0;
    case 'skip':
      if (mode.left === 0) return true;
      mode.left--;
      return false;
  }
}

function parseFault(data: Document): Fault {
  const labels = data['errorLabels'];
  const writeConcernError = data['writeConcernError'];
  const errorExtraInfo = data['errorExtraInfo'];
  return {
    errorCode: isNumber(data['errorCode']) ? toInteger(data['errorCode']) : undefined,
    errorLabels: Array.isArray(labels) ? labels.map(String) : undefined,
    closeConnection: data['closeConnection'] === true,
    blockTimeMS: data['blockConnection'] === true ? (toInteger(data['blockTimeMS']) ?? 0) : 0,
    writeConcernError: isDocument(writeConcernError) ? writeConcernError : undefined,
    errorExtraInfo: isDocument(errorExtraInfo) ? errorExtraInfo : {},
  };
}
