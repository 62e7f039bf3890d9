import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as official from 'mongodb';
import { MongoErrorLabel } from '../../../src/errors/codes.js';

describe('MongoErrorLabel', () => {
  it('has the labels of the official driver', () => {
    assert.deepEqual({ ...MongoErrorLabel }, { ...official.MongoErrorLabel });
  });
});
