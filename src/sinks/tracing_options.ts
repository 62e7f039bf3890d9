import { isGiven, ownOptions } from '../runtime/own_options.js';
import type { MongoTracerProvider } from './telemetry_api.js';

/**
 * Spans of OpenTelemetry for what a client does. They need the package `@opentelemetry/api`.
 *
 * Source: OpenTelemetry, "Configuration".
 *
 * @public
 */
export interface TracingOptions {
  /** Whether there are spans. Default: `OTEL_NODEJS_INSTRUMENTATION_MONGODB_ENABLED` (`1`, `true`, `yes`), else false. */
  enabled?: boolean;
  /**
   * Code points of a command that its span shows as `db.query.text`; 0 is none of it. Default: `OTEL_NODEJS_INSTRUMENTATION_MONGODB_QUERY_TEXT_MAX_LENGTH`, else 0.
   */
  queryTextMaxLength?: number;
  /** Where the spans go. Default: the provider that is registered with `@opentelemetry/api` when a span begins. */
  tracerProvider?: MongoTracerProvider;
}

/** What a client traces. */
export interface TracingSettings {
  readonly enabled: boolean;
  /** Whether the program itself asked for it, and not its environment. */
  readonly isAskedFor: boolean;
  /** Whether the program or its environment has said anything about it. */
  readonly isDecided: boolean;
  readonly queryTextMaxLength: number;
  readonly tracerProvider: MongoTracerProvider | undefined;
  /** What is wrong with the environment: such variables count as unset. */
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The specification leaves open how a language is called; the first that is set counts. */
const LANGUAGES = ['NODEJS', 'NODE'];

/** The settings of a client's spans. An option wins over its environment variable. */
export function tracingSettings(given: TracingOptions | undefined, env: Environment): TracingSettings {
  const warnings: string[] = [];
  const { enabled, queryTextMaxLength, tracerProvider } = ownOptions(given);
  return {
    enabled: enabled ?? enabledIn(env),
    isAskedFor: enabled === true,
    isDecided: isGiven(enabled) || variableIn(env, 'ENABLED') !== undefined,
    queryTextMaxLength: queryTextMaxLength ?? lengthIn(env, warnings) ?? 0,
    tracerProvider,
    warnings,
  };
}

function variableIn(env: Environment, name: string): { readonly name: string; readonly value: string } | undefined {
  const names = LANGUAGES.map(language => `OTEL_${language}_INSTRUMENTATION_MONGODB_${name}`);
  const found = names.find(candidate => (env[candidate] ?? '') !== '');
  return found === undefined ? undefined : { name: found, value: env[found] ?? '' };
}

function enabledIn(env: Environment): boolean {
  return /^(?:1|true|yes)$/i.test(variableIn(env, 'ENABLED')?.value ?? '');
}

function lengthIn(env: Environment, warnings: string[]): number | undefined {
  const variable = variableIn(env, 'QUERY_TEXT_MAX_LENGTH');
  if (variable === undefined) return undefined;
  const length = /^\d+$/.test(variable.value) ? Number(variable.value) : NaN;
  if (Number.isSafeInteger(length)) return length;
  warnings.push(`${variable.name} must be an integer of at least 0; its value is ignored`);
  return undefined;
}
