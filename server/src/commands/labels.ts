import { isRetryableWriteCode, isTransientTransactionCode } from '../errors/codes.js';
import { type Fault } from '../failpoints/fail_points.js';
import { findCommand, type Incoming, nameOf } from './look_up.js';

/** Labels that a fail point names are given as they are; else a retryable write gets the label by its error code. */
export function labelsOf(
  code: number,
  { body }: Pick<Incoming, 'body'>,
  fault: Fault | undefined,
  kind: 'error' | 'write concern error' = 'error',
): readonly string[] {
  if (fault?.errorLabels !== undefined) return fault.errorLabels;
  const command = findCommand(nameOf(body));
  const inTransaction = body['autocommit'] !== undefined;
  const endsTransaction = command?.inTransaction === 'ends';
  const isRetryable = inTransaction ? endsTransaction : command?.isRetryable === true;
  const labels: string[] = [];
  if (isRetryable && body['txnNumber'] !== undefined && isRetryableWriteCode(code)) labels.push('RetryableWriteError');
  // A statement that was executed but not replicated is no reason to begin the transaction again.
  if (kind === 'error' && inTransaction && isTransientTransactionCode(code, endsTransaction))
    labels.push('TransientTransactionError');
  return labels;
}
