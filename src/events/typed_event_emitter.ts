import { EventEmitter } from 'node:events';

/** Event names and the signatures of their listeners. @public */
// biome-ignore lint/suspicious/noExplicitAny: listeners of any signature
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type EventsDescription = Record<string, (...args: any[]) => void>;

/**
 * An EventEmitter that knows its events. An `error` event never ends the process: there is always a listener for it.
 *
 * @public
 */
export class TypedEventEmitter<Events extends EventsDescription> extends EventEmitter {
  constructor() {
    super();
    super.on('error', noop);
  }

  override on<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    return super.on(event, listener);
  }

  override once<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    return super.once(event, listener);
  }

  override off<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    return super.off(event, listener);
  }

  override addListener<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    return super.addListener(event, listener);
  }

  override removeListener<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    return super.removeListener(event, listener);
  }

  override emit<E extends keyof Events & string>(event: E, ...args: Parameters<Events[E]>): boolean {
    return super.emit(event, ...args);
  }
}

function noop(): void {
  // Whoever wants to know adds a listener of their own.
}
