import { MongoCompatibilityError } from '../errors/driver.js';
import type { CommandTarget } from '../executor/operation.js';
import { type OperationContext, unacknowledged } from './context.js';

/** The first server whose delete and findAndModify know `hint`: 4.4. */
const FIRST_WIRE_VERSION_WITH_HINT = 9;

/**
 * A server that does not know `hint` says so, unless nobody hears it: then the driver does (CRUD, "hint").
 *
 * @throws MongoCompatibilityError
 */
export function checkHintWithoutAnswer(
  command: 'delete' | 'findAndModify',
  context: OperationContext,
  { connection }: CommandTarget,
): void {
  if (!unacknowledged(context) || connection.server.maxWireVersion >= FIRST_WIRE_VERSION_WITH_HINT) return;
  throw new MongoCompatibilityError(`hint for the ${command} command is only supported on MongoDB 4.4+`);
}
