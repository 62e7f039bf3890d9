import { MongoError, MongoServerError } from 'mongotempo';

const LONGEST = 400;

/**
 * What the page says of an error. Messages of servers may quote documents (the key of a DuplicateKey), and those of a program anything, so that of their errors
 * only class and code are shown.
 */
export function shownError(error: unknown): string {
  if (!(error instanceof MongoError)) return error instanceof Error ? classOf(error) : 'a value that is no Error';
  const code = error.code === undefined ? '' : ` ${error.code}`;
  if (quotesServer(error)) return `${error.name}${code}${error.phase === undefined ? '' : ` in phase ${error.phase}`}`;
  const { message } = error;
  return `${error.name}${code}: ${message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message}`;
}

/** Whether words of a server may be in the message: they are its own, or those of its cause. */
function quotesServer(error: unknown): boolean {
  let cause = error;
  for (let depth = 0; depth < 10 && cause instanceof Error; depth++) {
    if (cause instanceof MongoServerError || !(cause instanceof MongoError)) return !isOfSystem(cause);
    ({ cause } = cause);
  }
  return cause !== undefined;
}

/** `ECONNREFUSED` and others of Node.js: hosts and ports, no data. */
function isOfSystem(error: Error): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && !(error instanceof MongoError);
}

function classOf(error: Error): string {
  const { name } = error;
  return typeof name === 'string' ? name.slice(0, 100) : 'Error';
}
