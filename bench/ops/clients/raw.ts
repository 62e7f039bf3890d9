import { ObjectId } from 'bson';
import { BODY_OFFSET, opMsg } from '../canned.js';
import { BATCHES, cursorId, FIND_COUNT, FIND_ONE_FILTER, INSERT_MANY_COUNT, newUser } from '../documents.js';
import type { BenchClient } from './client.js';
import { findCommand, findOneCommand, getMoreCommand, insertCommand, pingCommand } from './commands.js';
import { FramePool } from './frame_pool.js';

const stored = () => ({ _id: new ObjectId(), ...newUser() });

const PING = opMsg(pingCommand());
const FIND_ONE = opMsg(findOneCommand(FIND_ONE_FILTER));
const FIND = opMsg(findCommand());
const GET_MORES = Array.from({ length: BATCHES - 1 }, (_, index) =>
  opMsg(getMoreCommand(cursorId(BATCHES - 1 - index))),
);
const INSERT_ONE = opMsg(insertCommand([stored()]));
const INSERT_MANY = opMsg(insertCommand(Array.from({ length: INSERT_MANY_COUNT }, stored)));

/** The floor: the same bytes as the others, encoded before; replies are taken as whole frames and not looked into. */
export class RawClient implements BenchClient {
  readonly name = 'raw';
  readonly #pool = new FramePool();

  connect(uri: string, poolSize: number): Promise<void> {
    return this.#pool.open(uri, poolSize);
  }

  async ping(): Promise<number> {
    return one(await this.#pool.request(PING));
  }

  async findOne(): Promise<number> {
    return one(await this.#pool.request(FIND_ONE));
  }

  async insertOne(): Promise<number> {
    return one(await this.#pool.request(INSERT_ONE));
  }

  async findToArray(): Promise<number> {
    let batches = one(await this.#pool.request(FIND));
    for (const getMore of GET_MORES) batches += one(await this.#pool.request(getMore));
    return (batches / BATCHES) * FIND_COUNT;
  }

  /** There is nothing to iterate over. */
  findForAwait(): Promise<number> {
    return this.findToArray();
  }

  async insertMany(): Promise<number> {
    return one(await this.#pool.request(INSERT_MANY)) * INSERT_MANY_COUNT;
  }

  close(): Promise<void> {
    this.#pool.close();
    return Promise.resolve();
  }
}

function one(reply: Buffer): number {
  return reply.length > BODY_OFFSET ? 1 : 0;
}
