import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { spanOperationOf } from '../../../src/sinks/span_names.js';

describe('the operation of a span', () => {
  for (const [name, operation] of [
    ['insertMany', 'insert'],
    ['find.toArray', 'find'],
    ['find.close', 'killCursors'],
    ['renameCollection', 'renameCollection'],
    ['initializeOrderedBulkOp.execute', 'bulkWrite'],
    ['connect', null],
    ['gridfs.upload.write', 'gridfs.upload.write'],
    ['gridfs.download.close', 'killCursors'],
    ['gridfs.drop', 'gridfs.drop'],
  ] as const) {
    it(`of a call of ${name} is ${operation}`, () => {
      assert.equal(spanOperationOf(name), operation);
    });
  }
});
