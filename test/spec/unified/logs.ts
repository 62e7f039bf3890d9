import type { LogMessage } from '../drivers/driver.js';
import { type Doc, fieldsOf, show } from './bson_values.js';
import { type MatchContext, match } from './matching.js';

/** Unified test format, "expectedLogMessagesForClient". */
export interface ExpectedLogs {
  readonly client: string;
  readonly messages: readonly Doc[];
  /** Messages that match one of these are left out. */
  readonly ignoreMessages: readonly Doc[];
  readonly ignoreExtraMessages: boolean;
}

export function matchLogs(
  expected: ExpectedLogs,
  observed: readonly LogMessage[],
  context: MatchContext,
): string | null {
  const { client, messages, ignoreMessages, ignoreExtraMessages } = expected;
  const actual = observed.filter(
    message => !ignoreMessages.some(ignored => matchMessage(ignored, message, context) === null),
  );
  const prefix = `log messages of ${client}:`;
  for (const [index, message] of messages.entries()) {
    const found = actual[index];
    if (found === undefined) return `${prefix} ${messages.length} expected, ${actual.length} observed`;
    const mismatch = matchMessage(message, found, context);
    if (mismatch !== null) return `${prefix} message ${index} ${mismatch}; it is ${show(found.data)}`;
  }
  if (ignoreExtraMessages || actual.length === messages.length) return null;
  return `${prefix} ${messages.length} expected, ${actual.length} observed; the first more is ${show(actual[messages.length]?.data)}`;
}

function matchMessage(expected: Doc, { level, component, data }: LogMessage, context: MatchContext): string | null {
  for (const [field, value] of Object.entries(expected)) {
    const mismatch = matchField(field, value, { level, component, data }, context);
    if (mismatch !== null) return `differs in ${field}: ${mismatch}`;
  }
  return null;
}

function matchField(field: string, expected: unknown, message: LogMessage, context: MatchContext): string | null {
  switch (field) {
    case 'level':
      return expected === message.level ? null : `expected ${String(expected)}, actual ${message.level}`;
    case 'component':
      return expected === message.component ? null : `expected ${String(expected)}, actual ${message.component}`;
    case 'data':
      return match(expected, message.data, context);
    case 'failureIsRedacted':
      return matchRedaction(expected === true, message.data['failure']);
    default:
      throw new Error(`A log message has no ${field} that this runner can match`);
  }
}

/** Redacted or not, there has to be a failure. */
function matchRedaction(isRedacted: boolean, failure: unknown): string | null {
  if (failure === undefined || failure === null) return 'expected a failure, there is none';
  const message = fieldsOf(failure)?.get('message') ?? (failure as { message?: unknown }).message ?? failure;
  const found = typeof message === 'string' && /redacted/i.test(message);
  if (found === isRedacted) return null;
  return isRedacted ? 'the failure is not redacted' : 'the failure is redacted';
}
