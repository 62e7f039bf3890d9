import type { Budget } from '../../../src/call/budget.js';
import { Deadline } from '../../../src/call/deadline.js';
import { type DeadlineEnd, EndWatch } from '../../../src/call/end_watch.js';
import type { Clock } from '../../../src/runtime/clock.js';

/** Something that waits and remembers how its waits ended. */
export class Watcher extends EndWatch {
  readonly ends: DeadlineEnd[] = [];

  constructor(then: () => void = () => undefined) {
    super({
      onDeadlineEnd: end => {
        this.ends.push(end);
        then();
      },
    });
  }
}

export function of(timeoutMS: number | undefined): Budget {
  return { timeoutMS, source: 'the client' };
}

export function start(clock: Clock, timeoutMS?: number, signal?: AbortSignal): Deadline {
  return Deadline.start(of(timeoutMS), clock, signal);
}

/** An AbortSignal that tells how many listeners it has, and how many it has had at once. */
export function countedSignal(): { controller: AbortController; listeners: () => number; most: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  const all = new Set<unknown>();
  let most = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (type: string, listener: EventListener, options?: { once?: boolean }) => {
    all.add(listener);
    most = Math.max(most, all.size);
    add(type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: EventListener) => {
    all.delete(listener);
    remove(type, listener);
  };
  return { controller, listeners: () => all.size, most: () => most };
}

type EventListener = (event: Event) => void;
