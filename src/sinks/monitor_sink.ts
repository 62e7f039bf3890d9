import type { EventCause } from '../events/event.js';
import type { MonitoringEventName, MonitoringEvents } from '../events/event_map.js';
import { type ConnectionPoolEvent, PoolEvent } from '../events/pool_event.js';
import type { EventSink } from '../events/publisher.js';
import type { Listener, ListenerGuard } from './listener_guard.js';
import { MONITOR_MEMBERS, type Monitors, memberOf } from './monitors.js';

/** A function of a monitor, and how it is called. */
interface Member {
  readonly monitor: object;
  readonly call: Listener;
  /** Whether it takes the one shape of all events of a pool. */
  readonly takesPoolEvent: boolean;
}

/** Delivers events to the monitors that a program gave as options of its client. */
export class MonitorSink implements EventSink {
  readonly #members: ReadonlyMap<MonitoringEventName, Member>;
  readonly #guard: ListenerGuard;

  private constructor(members: ReadonlyMap<MonitoringEventName, Member>, guard: ListenerGuard) {
    this.#members = members;
    this.#guard = guard;
  }

  /** The sink for these monitors; null if they have no function. The functions are read now, and not again. */
  static of(monitors: Monitors, guard: ListenerGuard): MonitorSink | null {
    const members = new Map<MonitoringEventName, Member>();
    for (const option of Object.keys(MONITOR_MEMBERS) as (keyof Monitors)[]) {
      const monitor = monitors[option];
      if (monitor !== undefined) addMembers(members, option, monitor);
    }
    return members.size === 0 ? null : new MonitorSink(members, guard);
  }

  start(): void {
    // The functions of monitors do not change.
  }

  wants(name: MonitoringEventName): boolean {
    return this.#members.has(name);
  }

  deliver<N extends MonitoringEventName>(name: N, event: MonitoringEvents[N], cause: EventCause | null): void {
    const member = this.#members.get(name);
    if (member === undefined) return;
    const { monitor, call, takesPoolEvent } = member;
    const shown = takesPoolEvent ? new PoolEvent(event as ConnectionPoolEvent) : event;
    this.#guard.call(name, call, monitor, [shown, cause === null ? null : cause.context]);
  }
}

function addMembers(members: Map<MonitoringEventName, Member>, option: keyof Monitors, monitor: object): void {
  for (const [name, events] of Object.entries(MONITOR_MEMBERS[option])) {
    const call = memberOf(monitor, name);
    if (typeof call !== 'function') continue;
    const member = { monitor, call: call as Listener, takesPoolEvent: option === 'poolMonitor' };
    for (const event of events as readonly MonitoringEventName[]) members.set(event, member);
  }
}
