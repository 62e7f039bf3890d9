/** How important a log record is: the levels of syslog, and `off`. @public */
export const SeverityLevel = Object.freeze({
  EMERGENCY: 'emergency',
  ALERT: 'alert',
  CRITICAL: 'critical',
  ERROR: 'error',
  WARNING: 'warn',
  NOTICE: 'notice',
  INFORMATIONAL: 'info',
  DEBUG: 'debug',
  TRACE: 'trace',
  OFF: 'off',
} as const);

/** @public */
export type SeverityLevel = (typeof SeverityLevel)[keyof typeof SeverityLevel];

/** The parts of the driver that write log records. @public */
export const MongoLoggableComponent = Object.freeze({
  COMMAND: 'command',
  TOPOLOGY: 'topology',
  SERVER_SELECTION: 'serverSelection',
  CONNECTION: 'connection',
  CLIENT: 'client',
} as const);

/** @public */
export type MongoLoggableComponent = (typeof MongoLoggableComponent)[keyof typeof MongoLoggableComponent];

/** The least severity that is logged, for each component. @public */
export interface LogComponentSeveritiesClientOptions {
  command?: SeverityLevel;
  topology?: SeverityLevel;
  serverSelection?: SeverityLevel;
  connection?: SeverityLevel;
  client?: SeverityLevel;
  /** The severity of the other components. */
  default?: SeverityLevel;
}

/**
 * One log record. Its other fields depend on the message; `docs/logging.md` lists them. They are strings, numbers and booleans. Documents are
 * strings of Extended JSON.
 *
 * @public
 */
// biome-ignore lint/suspicious/noExplicitAny: as in the official driver
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export interface Log extends Record<string, any> {
  /** When. */
  t: Date;
  /** The component. */
  c: MongoLoggableComponent;
  /** The severity. */
  s: SeverityLevel;
  message: string;
}

/** A receiver of log records. @public */
export interface MongoDBLogWritable {
  /**
   * Takes one record. If it returns a promise, the next record comes when that is fulfilled.
   *
   * If it throws, or the promise rejects, the driver says so on stderr and logs no more. Operations are not affected.
   */
  write(log: Log): unknown;
}

/** The severities, the most important first. A component logs its own severity and those before it. */
const ORDER: readonly SeverityLevel[] = Object.values(SeverityLevel);

/** Whether a component with this least severity logs records of a severity. */
export function isLogged(severity: SeverityLevel, least: SeverityLevel): boolean {
  return least !== SeverityLevel.OFF && ORDER.indexOf(severity) <= ORDER.indexOf(least);
}
