import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ObjectId } from '../../../src/bson/index.js';
import { Generations } from '../../../src/pool/generations.js';

describe('Generations', () => {
  it('has a generation of its own for each service, beside that of the pool', () => {
    const generations = new Generations();
    const [one, other] = [new ObjectId(), new ObjectId()];
    generations.join(one);
    generations.join(other);

    generations.clear(one);
    generations.pool.value += 5;

    assert.deepEqual([generations.current(), generations.current(one), generations.current(other)], [5, 1, 0]);
  });

  it('gives all connections of a service the same generation, by the value of the id', () => {
    const generations = new Generations();
    const id = new ObjectId();

    assert.equal(generations.join(id), generations.join(new ObjectId(id.toHexString())));
  });

  it('forgets a service with its last connection', () => {
    const generations = new Generations();
    const id = new ObjectId();
    const service = generations.join(id);
    generations.join(id);
    generations.clear(id);

    generations.leave(service);
    assert.equal(generations.current(id), 1);
    generations.leave(service);
    assert.equal(generations.current(id), 0);
  });

  it('ignores the clear of a service without connections', () => {
    const generations = new Generations();
    const id = new ObjectId();

    generations.clear(id);

    assert.equal(generations.current(id), 0);
    assert.equal(generations.join(id).value, 0);
  });
});
