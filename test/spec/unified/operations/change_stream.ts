import { call } from '../../drivers/driver.js';
import { COMMON, CONCERNS, type OperationCall } from './definition.js';

/** Options of `createChangeStream`, whatever is watched. */
export const WATCH: readonly string[] = [
  ...COMMON,
  ...CONCERNS,
  ...['batchSize', 'fullDocument', 'fullDocumentBeforeChange', 'maxAwaitTimeMS', 'resumeAfter', 'showExpandedEvents'],
  ...['startAfter', 'startAtOperationTime', 'timeoutMode'],
];

/** The stream is open on the server when the operation ends. */
export async function startChangeStream({ target, args, options, context }: OperationCall): Promise<object> {
  const stream = call(target, 'watch', args['pipeline'], options) as object;
  try {
    await context.driver.startChangeStream(stream);
  } catch (error) {
    await Promise.resolve(call(stream, 'close')).catch(() => null);
    throw error;
  }
  return stream;
}
