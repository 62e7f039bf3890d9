import { ownOptions } from '../runtime/own_options.js';
import {
  type LogComponentSeveritiesClientOptions,
  type MongoDBLogWritable,
  MongoLoggableComponent,
  SeverityLevel,
} from './log_options.js';

/** What a program says about the log; what it leaves out, the environment decides. */
export interface GivenLogOptions {
  readonly componentSeverities?: LogComponentSeveritiesClientOptions | undefined;
  readonly path?: 'stderr' | 'stdout' | MongoDBLogWritable | undefined;
  readonly maxDocumentLength?: number | undefined;
}

/** Where the log of a client goes, and what is in it. */
export interface LogSettings {
  readonly severities: Readonly<Record<MongoLoggableComponent, SeverityLevel>>;
  readonly destination: 'stderr' | 'stdout' | { readonly file: string } | MongoDBLogWritable;
  /** Documents are cut off after so many code points; 0 is no limit. */
  readonly maxDocumentLength: number;
  /** What is wrong with the environment: such variables count as unset (Logging, "Configuration"). */
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_MAX_DOCUMENT_LENGTH = 1000;

const COMPONENTS: readonly MongoLoggableComponent[] = Object.values(MongoLoggableComponent);
const SEVERITIES: readonly string[] = Object.values(SeverityLevel);

const VARIABLES: Readonly<Record<MongoLoggableComponent, string>> = {
  command: 'MONGODB_LOG_COMMAND',
  topology: 'MONGODB_LOG_TOPOLOGY',
  serverSelection: 'MONGODB_LOG_SERVER_SELECTION',
  connection: 'MONGODB_LOG_CONNECTION',
  client: 'MONGODB_LOG_CLIENT',
};

/**
 * The settings of a client's log. An option wins over its environment variable; a severity of a component, from either, wins over the
 * severity for all. Nothing is logged by default.
 *
 * Source: Logging, "Configuration".
 */
export function logSettings(given: GivenLogOptions, env: Environment): LogSettings {
  const warnings: string[] = [];
  const severityIn = (variable: string) => severityFrom(variable, env, warnings);
  const chosen = ownOptions(given.componentSeverities);
  const others = chosen.default ?? severityIn('MONGODB_LOG_ALL') ?? SeverityLevel.OFF;
  const severities = Object.fromEntries(
    COMPONENTS.map(component => [component, chosen[component] ?? severityIn(VARIABLES[component]) ?? others]),
  ) as Record<MongoLoggableComponent, SeverityLevel>;
  return {
    severities,
    destination: given.path ?? destinationFrom(env),
    maxDocumentLength: given.maxDocumentLength ?? lengthFrom(env, warnings) ?? DEFAULT_MAX_DOCUMENT_LENGTH,
    warnings,
  };
}

/** Whether anything may be logged at all. */
export function logsAnything({ severities }: LogSettings): boolean {
  return Object.values(severities).some(severity => severity !== SeverityLevel.OFF);
}

function severityFrom(variable: string, env: Environment, warnings: string[]): SeverityLevel | undefined {
  const value = env[variable];
  if (value === undefined || value === '') return undefined;
  const severity = value.toLowerCase();
  if (SEVERITIES.includes(severity)) return severity as SeverityLevel;
  warnings.push(`${variable} must be one of ${SEVERITIES.join(', ')}; its value is ignored`);
  return undefined;
}

function destinationFrom({ MONGODB_LOG_PATH: path }: Environment): LogSettings['destination'] {
  if (path === undefined || path === '' || /^stderr$/i.test(path)) return 'stderr';
  return /^stdout$/i.test(path) ? 'stdout' : { file: path };
}

function lengthFrom({ MONGODB_LOG_MAX_DOCUMENT_LENGTH: value }: Environment, warnings: string[]): number | undefined {
  if (value === undefined || value === '') return undefined;
  const length = /^\d+$/.test(value) ? Number(value) : NaN;
  if (Number.isSafeInteger(length)) return length;
  warnings.push('MONGODB_LOG_MAX_DOCUMENT_LENGTH must be an integer of at least 0; its value is ignored');
  return undefined;
}
