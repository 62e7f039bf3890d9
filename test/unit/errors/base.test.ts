import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as baseModule from '../../../src/errors/base.js';
import { MongoError } from '../../../src/errors/base.js';
import type * as driverModule from '../../../src/errors/driver.js';
import { MongoAPIError, MongoDriverError, MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import type * as serverModule from '../../../src/errors/server.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';

type Modules = typeof baseModule & typeof driverModule & typeof serverModule;

/** Loads the error modules a second time, as a second copy of the package in one process would. */
function secondCopy(): Modules {
  const kept = new Map<string, NodeJS.Module>();
  for (const [path, module] of Object.entries(require.cache)) {
    if (!/[\\/]src[\\/]errors[\\/]/.test(path) || module === undefined) continue;
    kept.set(path, module);
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
    delete require.cache[path];
  }
  try {
    /* eslint-disable @typescript-eslint/no-require-imports */
    return {
      ...(require('../../../src/errors/base.js') as object),
      ...(require('../../../src/errors/driver.js') as object),
      ...(require('../../../src/errors/server.js') as object),
    } as Modules;
    /* eslint-enable @typescript-eslint/no-require-imports */
  } finally {
    for (const [path, module] of kept) require.cache[path] = module;
  }
}

describe('MongoError', () => {
  it('carries where it happened and why', () => {
    const cause = new Error('socket hang up');

    const error = new MongoError('broken', {
      cause,
      host: 'db1:27017',
      namespace: 'shop.orders',
      phase: 'read',
      labels: ['A', 'B', 'A'],
    });

    assert.deepEqual(
      [error.message, error.errmsg, error.cause, error.host, error.namespace, error.phase, error.errorLabels],
      ['broken', 'broken', cause, 'db1:27017', 'shop.orders', 'read', ['A', 'B']],
    );
  });

  it('has no field of which nothing is known', () => {
    const error = new MongoError('broken');

    for (const name of ['cause', 'host', 'namespace', 'phase', 'code', 'topologyVersion', 'connectionGeneration']) {
      assert.equal(name in error, false, name);
    }
  });

  it('has a stack that begins with its own name', () => {
    assert.match(new MongoInvalidArgumentError('no').stack ?? '', /^MongoInvalidArgumentError: no\n/);
  });

  it('keeps its labels to itself', () => {
    const error = new MongoError('x', { labels: ['A'] });

    error.addErrorLabel('B');
    error.errorLabels.push('C');

    assert.deepEqual(error.errorLabels, ['A', 'B']);
    assert.equal(error.hasErrorLabel('B'), true);
    assert.equal(error.hasErrorLabel('C'), false);
  });
});

describe('instanceof', () => {
  const other = secondCopy();

  it('is tested with two copies that are really two', () => {
    assert.notEqual(other.MongoError, MongoError);
    assert.equal(Object.prototype.isPrototypeOf.call(MongoError.prototype, new other.MongoError('x')), false);
  });

  it('recognises errors of another copy of the package, in both directions', () => {
    const theirs = new other.MongoInvalidArgumentError('x');
    const mine = new MongoInvalidArgumentError('x');

    for (const errorClass of [MongoError, MongoDriverError, MongoAPIError, MongoInvalidArgumentError, Error]) {
      assert.ok(theirs instanceof errorClass, errorClass.name);
    }
    for (const errorClass of [other.MongoError, other.MongoDriverError, other.MongoInvalidArgumentError]) {
      assert.ok(mine instanceof errorClass, errorClass.name);
    }
  });

  it('does not take an error of another copy for another class', () => {
    const theirs: unknown = new other.MongoInvalidArgumentError('x');

    assert.equal(theirs instanceof MongoServerError, false);
    assert.equal(theirs instanceof MongoOperationTimeoutError, false);
    assert.equal(new other.MongoServerError({}) instanceof MongoDriverError, false);
  });

  it('compares a subclass of a user by prototype', () => {
    class MyError extends MongoError {}
    class MyServerError extends MongoServerError {}

    assert.ok(new MyError('x') instanceof MyError);
    assert.ok(new MyError('x') instanceof MongoError);
    assert.equal(new MongoError('x') instanceof MyError, false);
    assert.equal(new MyServerError({}) instanceof MyError, false);
    assert.ok(new MyServerError({}) instanceof MongoServerError);
  });

  it('recognises nothing that is no error of this driver', () => {
    const values: unknown[] = [null, undefined, 5, 'MongoError', {}, new Error('x'), { name: 'MongoError' }, () => 5];

    for (const value of values) assert.equal(value instanceof MongoError, false);
  });
});

describe('an error as JSON', () => {
  it('has its name and message, its labels, and its cause as text', () => {
    const cause = new MongoError('the cause');
    const error = new MongoError('what happened', { cause, host: 'a:27017', labels: ['X'] });

    assert.deepEqual(JSON.parse(JSON.stringify({ error })), {
      error: {
        name: 'MongoError',
        message: 'what happened',
        host: 'a:27017',
        errorLabels: ['X'],
        cause: 'MongoError: the cause',
      },
    });
  });

  it('holds integers of 64 bits, as numbers where these are exact', () => {
    const error = Object.assign(new MongoError('refused'), { op: { small: 5n, large: 2n ** 60n } });

    assert.deepEqual(error.toJSON()['op'], { small: 5, large: '1152921504606846976' });
  });

  it('is shown by name and message where one of its fields leads back to it', () => {
    const error = Object.assign(new MongoError('refused'), { self: {} });
    error.self = error;

    const short = { name: 'MongoError', message: 'refused' };
    assert.deepEqual(error.toJSON(), { ...short, self: short });
  });

  it('leaves out fields that are no JSON, and keeps what it says itself', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const error = Object.assign(new MongoError('refused'), { circle });

    assert.deepEqual(error.toJSON(), { name: 'MongoError', message: 'refused' });
  });
});
