import { validateTimeoutMS } from '../../call/budget.js';
import type { Call } from '../../call/call.js';
import { Deadline, type EndDescription } from '../../call/deadline.js';
import type { Scope } from '../../call/scope.js';
import { waitFor } from '../../call/waiter.js';
import type { OperationOptions } from '../../commands/options.js';
import { enter, type Place, scopeOf, signalOf } from '../door.js';

/** @public */
export type CursorCloseOptions = Pick<OperationOptions, 'timeoutMS' | 'signal' | 'deadline'>;

/** Only an abort ends the wait for a close, whose error is the reason of the signal. */
const CLOSE_ABORTED: EndDescription = Object.freeze({ during: 'during the close of a cursor', phase: 'read' });

/** What is closed. */
interface Closable {
  closingCall(method: string, given?: number, scope?: Scope | null): Call;
  close(call: Call): Promise<void>;
}

/**
 * The public method `close` of a cursor or a change stream.
 *
 * @param name - the public method that made the cursor, such as `find`
 */
export function closeCursor(core: Closable, place: Place, name: string, options?: CursorCloseOptions): Promise<void> {
  const begin = (_: Place, method: string, own: CursorCloseOptions) => {
    const timeoutMS = validateTimeoutMS(own.timeoutMS, `${name}.close`);
    const call = core.closingCall(method, timeoutMS, scopeOf(own));
    const signal = signalOf(own);
    return signal === undefined ? call : call.until(call.deadline.withSignal(signal));
  };
  const work = (call: Call, own: CursorCloseOptions): Promise<void> => {
    const signal = signalOf(own);
    if (signal === undefined) return core.close(call);
    // The signal ends the wait, and not the close: the server must forget the cursor, and another call may wait for the same.
    const closing = core.close(core.closingCall('close', own.timeoutMS ?? undefined, scopeOf(own)));
    return waitFor(closing, () => CLOSE_ABORTED, null, Deadline.background(place.client.clock).withSignal(signal));
  };
  return enter(place, 'close', options, work, begin);
}
