import { Long, type ObjectId } from 'bson';
import { type Document } from '../bson/types.js';
import { CursorRegistry } from '../engine/cursors.js';
import { FailPoints } from '../failpoints/fail_points.js';
import { Network } from '../network/network.js';
import { OperationTable } from '../operations/operation_table.js';
import { type Clock } from '../runtime/clock.js';
import { type IdGenerator } from '../runtime/ids.js';
import { Signal } from '../runtime/signal.js';

/** One that is removed runs on and belongs to no set. */
export type Role = 'standalone' | 'primary' | 'secondary' | 'removed' | 'mongos';

/** What belongs to one server process: its role, its topology version, its fail points and its cursors. */
export class Member {
  readonly index: number;
  readonly cursors: CursorRegistry;
  readonly failPoints = new FailPoints();
  readonly operations = new OperationTable();
  readonly network = new Network();
  /** Emitted whenever the topology version rises, and when the node goes down: wakes waiting hellos. */
  readonly topologyChanges = new Signal();
  /** What setParameter has set. */
  readonly parameters: Document = {};
  connectionsCurrent = 0;
  connectionsCreated = 0;
  #address: string;
  #role: Role;
  #isAlive = true;
  #isPartitioned = false;
  #lagMS = 0;
  #processId: ObjectId;
  #counter = 0;

  constructor(options: {
    index: number;
    address: string;
    role: Role;
    processId: ObjectId;
    ids: IdGenerator;
    clock: Clock;
  }) {
    this.index = options.index;
    this.#address = options.address;
    this.#role = options.role;
    this.#processId = options.processId;
    this.cursors = new CursorRegistry(options.ids, options.clock);
  }

  /** By which clients of a load balancer know it again. */
  get serviceId(): ObjectId {
    return this.#processId;
  }

  get address(): string {
    return this.#address;
  }

  get role(): Role {
    return this.#role;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Whether the others of its set hear of it. */
  get isUp(): boolean {
    return this.#isAlive && !this.#isPartitioned;
  }

  get isPartitioned(): boolean {
    return this.#isPartitioned;
  }

  get isWritable(): boolean {
    return this.#role !== 'secondary' && this.#role !== 'removed';
  }

  /** How old the data are that it shows while it is a secondary. */
  get lagMS(): number {
    return this.#role === 'secondary' ? this.#lagMS : 0;
  }

  get counter(): number {
    return this.#counter;
  }

  setLag(lagMS: number): void {
    this.#lagMS = lagMS;
  }

  /** Cuts it off from its clients and from the others of its set, or joins it to them again. */
  setPartitioned(isPartitioned: boolean): void {
    this.#isPartitioned = isPartitioned;
    if (isPartitioned) this.network.cut();
    else this.network.heal();
  }

  setRole(role: Role): void {
    this.#role = role;
  }

  /** Tells clients of a change: of the role of this node, or of who is primary. */
  announce(): void {
    this.#counter++;
    this.topologyChanges.emit();
  }

  topologyVersion(): Document {
    return { processId: this.#processId, counter: Long.fromNumber(this.#counter) };
  }

  isCurrent(processId: unknown, counter: unknown): boolean {
    return this.#processId.equals(processId as ObjectId) && Number(counter) === this.#counter;
  }

  /** The process is gone, and with it all that it alone knew. */
  goDown(): void {
    this.#isAlive = false;
    this.cursors.clear();
    this.failPoints.clear();
    this.operations.killAll();
    this.topologyChanges.emit();
  }

  /** A new process at the same address. */
  comeUp(processId: ObjectId): void {
    this.#isAlive = true;
    this.#processId = processId;
    this.#counter = 0;
  }

  /** The port is known only when the node listens. */
  listensAt(address: string): void {
    this.#address = address;
  }
}
