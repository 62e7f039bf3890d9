import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Feature, featuresOf } from '../../spec/unified/features.js';
import { parseTestFile } from '../../spec/unified/test_file.js';

function featuresIn(file: object, test: object): readonly Feature[] {
  const content = {
    ...{ description: 'a file', schemaVersion: '1.28', ...file },
    tests: [{ description: 'a test', operations: [], ...test }],
  };
  const parsed = parseTestFile(JSON.stringify(content));
  const [first] = parsed.tests;
  assert.ok(first !== undefined);
  return featuresOf(parsed, first);
}

describe('featuresOf', () => {
  it('finds nothing in a test of the core', () => {
    const createEntities = [{ client: { id: 'client0' } }];
    const operations = [{ name: 'ping', object: 'client0' }];

    assert.deepEqual(featuresIn({ createEntities }, { operations }), []);
  });

  it('finds what a test opens, expects, and creates while it runs', () => {
    const bucket = { bucket: { id: 'bucket0', database: 'database0' } };
    const watch = { name: 'createChangeStream', object: 'client0', arguments: { pipeline: [] } };
    const create = { name: 'createEntities', object: 'testRunner', arguments: { entities: [bucket] } };

    assert.deepEqual(featuresIn({}, { operations: [watch] }), ['change streams']);
    assert.deepEqual(featuresIn({ createEntities: [bucket] }, {}), ['GridFS']);
    assert.deepEqual(featuresIn({}, { operations: [create] }), ['GridFS']);
    assert.deepEqual(featuresIn({}, { expectLogMessages: [{ client: 'client0', messages: [] }] }), ['log messages']);
    assert.deepEqual(featuresIn({}, { expectTracingMessages: [{ client: 'client0', spans: [] }] }), ['tracing']);
  });
});
