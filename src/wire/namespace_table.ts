import { MongoInvalidArgumentError } from '../errors/driver.js';

/** What the operations of a client bulk write are about. */
export interface OperationNamespaces {
  /** `database.collection` of the operation at an index. */
  of(index: number): string;
  /** Bytes of the command without the fields that any command may have. */
  readonly commandSize: number;
}

/** Room for the fields that any command may have, and for what a message has around its documents (CRUD, "Client Bulk Write"). */
const MESSAGE_OVERHEAD = 1000;
/** `{ns: ''}` */
const ENTRY_SIZE = 14;
/** Where the number of its namespace is in an operation: `insert`, `update` and `delete` are its first field, and of one length. */
const NUMBER_OFFSET = 4 + 1 + 'insert\0'.length;

/**
 * The namespaces of the operations in one message, each of them once: they go into a sequence of their own, `nsInfo`, and operations name
 * them by number.
 */
export class NamespaceTable {
  readonly #numbers = new Map<string, number>();
  readonly #namespaces: OperationNamespaces;
  /** For operations and namespaces together. */
  readonly #room: number;
  #size = 0;

  constructor(namespaces: OperationNamespaces, maxMessageSize: number) {
    this.#namespaces = namespaces;
    this.#room = maxMessageSize - MESSAGE_OVERHEAD - namespaces.commandSize;
  }

  /** Whether an operation and its namespace still find room, when the operations up to it take so many bytes. */
  fits(index: number, operationsSize: number): boolean {
    return operationsSize + this.#size + this.#growth(this.#namespaces.of(index)) <= this.#room;
  }

  /** Writes the number of its namespace into an operation that is encoded at an offset. */
  put(index: number, bytes: Buffer, offset: number): void {
    const namespace = this.#namespaces.of(index);
    let number = this.#numbers.get(namespace);
    if (number === undefined) {
      this.#size += this.#growth(namespace);
      number = this.#numbers.size;
      this.#numbers.set(namespace, number);
    }
    bytes.writeInt32LE(number, offset + NUMBER_OFFSET);
  }

  documents(): { ns: string }[] {
    return [...this.#numbers.keys()].map(ns => ({ ns }));
  }

  /** @throws MongoInvalidArgumentError: an operation that does not fit into a message of its own */
  refuse(index: number, size: number): never {
    const namespace = this.#namespaces.of(index);
    throw new MongoInvalidArgumentError(
      `The write at index ${index} is ${size} bytes of BSON with a namespace of ${Buffer.byteLength(namespace)} bytes, and one message takes at most ${this.#room} of both. Nothing of it was sent.`,
    );
  }

  #growth(namespace: string): number {
    return this.#numbers.has(namespace) ? 0 : ENTRY_SIZE + Buffer.byteLength(namespace);
  }
}
