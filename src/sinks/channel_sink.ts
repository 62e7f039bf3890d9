import { type Channel, channel, tracingChannel } from 'node:diagnostics_channel';
import type { CallContext } from '../call/call_context.js';
import type { EventCause } from '../events/event.js';
import type { MonitoringEventName, MonitoringEvents } from '../events/event_map.js';
import type { SilentSink, Subscribers } from '../events/publisher.js';
import { MongoChannel, MongoTracingChannel } from './channel_messages.js';

type AnyEvent = MonitoringEvents[MonitoringEventName];

/** A message as this file writes it. */
interface Message {
  readonly client: object;
  readonly context: CallContext | null;
  readonly started: AnyEvent;
  ended?: AnyEvent;
  error?: unknown;
}

/** The sub-channels of a tracing channel. */
type SubChannels = Readonly<Record<'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error', Channel>>;

type Role = 'begins' | 'succeeds' | 'fails';

/** Where an event goes. */
interface Route {
  readonly subscribers: Subscribers;
  /** The kind of work that it begins or ends; null if it does neither. */
  readonly work: Work | null;
  readonly role: Role | null;
  readonly plain: Channel | null;
}

/** One kind of work: its channels, and the events of which it is made. */
class Work {
  readonly channels: SubChannels;
  /** What tells units of this work apart, from one of their events. */
  readonly keyOf: (event: AnyEvent, cause: EventCause | null) => object | string;

  constructor(name: string, keyOf: Work['keyOf']) {
    this.channels = tracingChannel(name);
    this.keyOf = keyOf;
  }
}

/**
 * Nothing tells when a channel gets a subscriber, so this is asked whenever an event could be built. A field for each channel, and no list: a look
 * costs one nanosecond more than at a constant, a loop would cost six.
 */
class ChannelSubscribers implements Subscribers {
  readonly #start: Channel;
  readonly #end: Channel;
  readonly #asyncStart: Channel;
  readonly #asyncEnd: Channel;
  readonly #error: Channel;
  readonly #plain: Channel;

  /** @param plain - where there is no other channel, one that is asked twice */
  constructor({ start, end: endOfStart, asyncStart, asyncEnd, error }: SubChannels, plain: Channel) {
    this.#start = start;
    this.#end = endOfStart;
    this.#asyncStart = asyncStart;
    this.#asyncEnd = asyncEnd;
    this.#error = error;
    this.#plain = plain;
  }

  get hasSubscribers(): boolean {
    return (
      this.#start.hasSubscribers ||
      this.#plain.hasSubscribers ||
      this.#asyncEnd.hasSubscribers ||
      this.#error.hasSubscribers ||
      this.#asyncStart.hasSubscribers ||
      this.#end.hasSubscribers
    );
  }
}

/** While connections are being established whose begin was published, their end is waited for: it tells them from those that are closed later. */
class ConnectSubscribers implements Subscribers {
  readonly #others: Subscribers;
  readonly #open: Messages;

  constructor(others: Subscribers, open: Messages) {
    this.#others = others;
    this.#open = open;
  }

  get hasSubscribers(): boolean {
    return this.#open.hasConnections || this.#others.hasSubscribers;
  }
}

const NO_CALL: object = {};
const ofCall = (_event: AnyEvent, cause: EventCause | null) => cause?.context ?? NO_CALL;
/** One attempt selects one server, checks out one connection, and sends one command. */
const ofAttempt = (_event: AnyEvent, cause: EventCause | null) => cause ?? NO_CALL;
const ofConnection = (event: AnyEvent) => {
  const { address, connectionId } = event as MonitoringEvents['connectionCreated'];
  return `${address} ${connectionId}`;
};

const operation = new Work(MongoTracingChannel.Operation, ofCall);
const command = new Work(MongoTracingChannel.Command, ofAttempt);
const checkOut = new Work(MongoTracingChannel.CheckOut, ofAttempt);
const connect = new Work(MongoTracingChannel.Connect, ofConnection);
const selection = new Work(MongoTracingChannel.ServerSelection, ofAttempt);
const pool = channel(MongoChannel.Pool);
const topology = channel(MongoChannel.Topology);
const retry = channel(MongoChannel.Retry);

function route(work: Work, role: Role, plain: Channel | null = null): Route {
  return { subscribers: new ChannelSubscribers(work.channels, plain ?? work.channels.start), work, role, plain };
}

function onlyPlain(plain: Channel): Route {
  const same = { start: plain, end: plain, asyncStart: plain, asyncEnd: plain, error: plain };
  return { subscribers: new ChannelSubscribers(same, plain), work: null, role: null, plain };
}

const ROUTES: Readonly<Record<MonitoringEventName, Route>> = {
  operationStarted: route(operation, 'begins'),
  operationSucceeded: route(operation, 'succeeds'),
  operationFailed: route(operation, 'fails'),
  operationRetried: onlyPlain(retry),
  commandStarted: route(command, 'begins'),
  commandSucceeded: route(command, 'succeeds'),
  commandFailed: route(command, 'fails'),
  connectionPoolCreated: onlyPlain(pool),
  connectionPoolReady: onlyPlain(pool),
  connectionPoolCleared: onlyPlain(pool),
  connectionPoolClosed: onlyPlain(pool),
  connectionCreated: route(connect, 'begins', pool),
  connectionReady: route(connect, 'succeeds', pool),
  connectionClosed: route(connect, 'fails', pool),
  connectionCheckOutStarted: route(checkOut, 'begins', pool),
  connectionCheckOutFailed: route(checkOut, 'fails', pool),
  connectionCheckedOut: route(checkOut, 'succeeds', pool),
  connectionCheckedIn: onlyPlain(pool),
  connectionPendingResponseStarted: onlyPlain(pool),
  connectionPendingResponseSucceeded: onlyPlain(pool),
  connectionPendingResponseFailed: onlyPlain(pool),
  serverOpening: onlyPlain(topology),
  serverClosed: onlyPlain(topology),
  serverDescriptionChanged: onlyPlain(topology),
  serverHeartbeatStarted: onlyPlain(topology),
  serverHeartbeatSucceeded: onlyPlain(topology),
  serverHeartbeatFailed: onlyPlain(topology),
  topologyOpening: onlyPlain(topology),
  topologyClosed: onlyPlain(topology),
  topologyDescriptionChanged: onlyPlain(topology),
  serverSelectionStarted: route(selection, 'begins'),
  serverSelectionSucceeded: route(selection, 'succeeds'),
  serverSelectionFailed: route(selection, 'fails'),
  waitingForSuitableServer: onlyPlain(topology),
  srvRecordDiscovery: onlyPlain(topology),
};

/**
 * Publishes the events of one client to the channels of `node:diagnostics_channel`.
 *
 * The work does not run inside of a tracing channel: its sub-channels are published from events. A unit of work publishes `start` and `end` when it begins, and
 * `asyncStart` and `asyncEnd` when it has ended, with `error` before them if it failed.
 */
export class ChannelSink implements SilentSink {
  readonly #client: object;
  /** The messages of work that has begun and not ended. */
  readonly #open = new Map<Work, Messages>(
    [operation, command, checkOut, connect, selection].map(work => [work, new Messages()]),
  );

  /** @param client - what messages show as their client */
  constructor(client: object) {
    this.#client = client;
  }

  subscribersTo(name: MonitoringEventName): Subscribers {
    const { subscribers, work, role } = ROUTES[name];
    if (work !== connect || role === 'begins') return subscribers;
    return new ConnectSubscribers(subscribers, this.#open.get(connect) as Messages);
  }

  deliver<N extends MonitoringEventName>(name: N, event: MonitoringEvents[N], cause: EventCause | null): void {
    const { work, role, plain } = ROUTES[name];
    const context = cause?.context ?? null;
    if (plain !== null && plain.hasSubscribers) plain.publish({ client: this.#client, context, event });
    const messages = work === null ? undefined : this.#open.get(work);
    if (work === null || messages === undefined) return;
    const key = work.keyOf(event, cause);
    if (role === 'begins') {
      const message: Message = { client: this.#client, context, started: event };
      messages.add(key, message);
      begin(work.channels, message);
      return;
    }
    // Without one, the first subscriber has come since the work began.
    const message = messages.take(key);
    if (message === undefined) return;
    message.ended = event;
    if (role === 'fails') message.error = errorOf(event);
    end(work.channels, message, role === 'fails');
  }
}

/** Messages by what they belong to. */
class Messages {
  readonly #ofObjects = new WeakMap<object, Message>();
  readonly #ofConnections = new Map<string, Message>();

  get hasConnections(): boolean {
    return this.#ofConnections.size > 0;
  }

  add(key: object | string, message: Message): void {
    if (typeof key === 'string') this.#ofConnections.set(key, message);
    else this.#ofObjects.set(key, message);
  }

  take(key: object | string): Message | undefined {
    const messages: Pick<Map<unknown, Message>, 'get' | 'delete'> = typeof key === 'string'
      ? this.#ofConnections
      : this.#ofObjects;
    const message = messages.get(key);
    messages.delete(key);
    return message;
  }
}

function begin({ start, end: endOfStart }: SubChannels, message: Message): void {
  start.publish(message);
  endOfStart.publish(message);
}

function end({ error, asyncStart, asyncEnd }: SubChannels, message: Message, hasFailed: boolean): void {
  if (hasFailed) error.publish(message);
  asyncStart.publish(message);
  asyncEnd.publish(message);
}

function errorOf(event: AnyEvent): unknown {
  if ('failure' in event) return event.failure;
  return 'error' in event ? event.error : undefined;
}
