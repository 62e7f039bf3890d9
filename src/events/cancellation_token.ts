import { TypedEventEmitter } from './typed_event_emitter.js';

/**
 * Emits `cancel`. Exported for programs that name it; no method of this driver takes one: pass an `AbortSignal` as the option `signal`.
 *
 * @public
 */
export class CancellationToken extends TypedEventEmitter<{ cancel(): void }> {}
