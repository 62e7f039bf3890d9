import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as official from 'mongodb';
import * as base from '../../../src/errors/base.js';
import * as crypt from '../../../src/errors/crypt.js';
import * as driver from '../../../src/errors/driver.js';
import * as network from '../../../src/errors/network.js';
import * as server from '../../../src/errors/server.js';
import * as timeout from '../../../src/errors/timeout.js';

type ErrorClass = abstract new (...args: never[]) => Error;

function errorClasses(exported: Record<string, unknown>): [string, ErrorClass][] {
  return Object.entries(exported).filter(
    (entry): entry is [string, ErrorClass] => typeof entry[1] === 'function' && entry[1].prototype instanceof Error,
  );
}

/** Names of a class and of all it extends, up to Error. */
function chainOf(errorClass: ErrorClass): string[] {
  const names: string[] = [];
  for (let each: unknown = errorClass; typeof each === 'function' && each !== Function.prototype; ) {
    names.push(each.name);
    each = Object.getPrototypeOf(each) as unknown;
  }
  return names;
}

const ours = new Map(errorClasses({ ...base, ...crypt, ...driver, ...network, ...server, ...timeout }));

const theirs = new Map(errorClasses(official));

/** Classes that live with the part of the driver whose types they carry, or that nothing here can raise. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'MongoBulkWriteError',
  'MongoClientBulkWriteError',
  'MongoServerSelectionError',
  'MongoSystemError',
]);

describe('error classes', () => {
  it('are compared with a full list', () => assert.ok(theirs.size > 35 && ours.size > 35));

  for (const [name, theirClass] of theirs) {
    if (ELSEWHERE.has(name)) continue;
    it(`${name} extends what it extends in the official driver`, () => {
      const ourClass = ours.get(name);

      assert.ok(ourClass !== undefined, `there is no ${name}`);
      assert.deepEqual(chainOf(ourClass), chainOf(theirClass));
      assert.equal((ourClass.prototype as Error).name, name);
      assert.equal((theirClass.prototype as Error).name, name);
    });
  }

  for (const [name, ourClass] of ours) {
    it(`${name} has the name of its class and is recognised as each of its bases`, () => {
      const error = Object.create(ourClass.prototype as object) as Error;

      assert.equal(error.name, name);
      for (const ancestor of chainOf(ourClass)) {
        const ancestorClass = ours.get(ancestor) ?? Error;
        assert.ok(error instanceof ancestorClass, `instanceof ${ancestor}`);
      }
    });

    it(`${name} is recognised as no class beside it`, () => {
      const error: unknown = Object.create(ourClass.prototype as object);
      const chain = new Set(chainOf(ourClass));

      for (const [other, otherClass] of ours) assert.equal(error instanceof otherClass, chain.has(other), other);
    });
  }
});
