import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bsonTypes } from '../../spec/unified/bson_values.js';
import {
  checkSchemaVersion,
  parseTestFile,
  readEntities,
  readOperation,
  readOperations,
  readTestFile,
} from '../../spec/unified/test_file.js';

const FILE = {
  description: 'a file',
  schemaVersion: '1.9',
  _yamlAnchors: { any: 'thing' },
  runOnRequirements: [
    { minServerVersion: '4.4', topologies: ['sharded'], serverless: 'forbid', csfle: true },
    { csfle: { minLibmongocryptVersion: '1.2' }, serverParameters: { a: 1 }, auth: true, authMechanism: 'X' },
  ],
  createEntities: [{ client: { id: 'client0', useMultipleMongoses: true } }],
  initialData: [{ collectionName: 'c', databaseName: 'd', createOptions: { capped: true }, documents: [{ _id: 1 }] }],
  tests: [
    {
      description: 'a test',
      skipReason: 'none',
      operations: [
        {
          name: 'find',
          object: 'c',
          arguments: { filter: { x: { $numberLong: '1' }, y: 1, z: 1.5 } },
          expectResult: null,
        },
        { name: 'find', object: 'c', expectError: { errorCode: 5, errorLabelsOmit: ['A'], writeConcernErrors: [{}] } },
      ],
      expectEvents: [
        { client: 'client0', events: [{ commandStartedEvent: {} }] },
        { client: 'client0', eventType: 'cmap', ignoreExtraEvents: true, events: [] },
      ],
      outcome: [{ collectionName: 'c', databaseName: 'd', documents: [] }],
    },
  ],
};

const parse = (changes: Record<string, unknown> = {}) => parseTestFile(JSON.stringify({ ...FILE, ...changes }));
const test = (changes: Record<string, unknown>) => ({ tests: [{ description: 't', operations: [], ...changes }] });

describe('parseTestFile', () => {
  it('gives what the file has', () => {
    const file = parse();

    assert.equal(file.description, 'a file');
    assert.deepEqual(file.createEntities, [
      { kind: 'client', id: 'client0', options: { id: 'client0', useMultipleMongoses: true } },
    ]);
    assert.deepEqual(file.runOnRequirements?.[0], FILE.runOnRequirements[0]);
    assert.equal(file.initialData?.[0]?.documents.length, 1);
    assert.equal(file.tests[0]?.outcome?.[0]?.collectionName, 'c');
  });

  it('keeps the types of numbers in values of BSON', () => {
    const filter = parse().tests[0]?.operations[0]?.arguments?.['filter'] as Record<string, unknown>;

    assert.deepEqual(
      ['x', 'y', 'z'].map(key => bsonTypes(filter[key])),
      [['long'], ['int'], ['double']],
    );
  });

  it('gives the code of an expected error as a number of JavaScript', () => {
    assert.deepEqual(parse().tests[0]?.operations[1]?.expectError, {
      errorCode: 5,
      errorLabelsOmit: ['A'],
      writeConcernErrors: [{}],
    });
  });

  it('tells a result of null from no expected result', () => {
    const [first, second] = parse().tests[0]?.operations ?? [];

    assert.ok(first !== undefined && 'expectResult' in first && first.expectResult === null);
    assert.ok(second !== undefined && !('expectResult' in second));
  });

  it('fills in what expected events leave out', () => {
    const [first, second] = parse().tests[0]?.expectEvents ?? [];

    assert.deepEqual([first?.eventType, first?.ignoreExtraEvents], ['command', false]);
    assert.deepEqual([second?.eventType, second?.ignoreExtraEvents], ['cmap', true]);
  });

  const WRONG: readonly (readonly [what: string, changes: Record<string, unknown>, message: RegExp])[] = [
    ['an unknown field', { extra: 1 }, /^file has an unknown field extra$/],
    ['a missing field', { tests: undefined }, /^file has no tests$/],
    ['a description that is no text', { description: 1 }, /^file.description has to be a string, not 1$/],
    ['tests that are no array', { tests: {} }, /^file.tests has to be an array, not \{\}$/],
    ['a test without operations', { tests: [{ description: 't' }] }, /^file.tests\[0\] has no operations$/],
    ['an operation that is no document', test({ operations: [1] }), /^file.tests\[0\].operations\[0\] has to be a doc/],
    [
      'an unknown topology',
      { runOnRequirements: [{ topologies: ['ring'] }] },
      /topologies\[0\] has to be one of single,/,
    ],
    ['an unknown type of event', test({ expectEvents: [{ client: 'c', events: [], eventType: 'log' }] }), /eventType/],
    ['auth that is no boolean', { runOnRequirements: [{ auth: 'yes' }] }, /auth has to be a boolean, not "yes"$/],
    ['an entity of two kinds', { createEntities: [{ client: { id: 'a' }, thread: { id: 'b' } }] }, /have one key/],
    ['an entity without id', { createEntities: [{ client: {} }] }, /client.id has to be a string, not nothing$/],
    ['an entity of no kind', { createEntities: [{ server: { id: 'a' } }] }, /has to be one of client,/],
  ];
  for (const [what, changes, message] of WRONG) {
    it(`refuses ${what}, and says where`, () => {
      assert.throws(() => parse(changes), { message });
    });
  }

  it('looks at the version before anything else', () => {
    assert.throws(() => parse({ schemaVersion: '2.0', extra: 1 }), /^Error: Schema version 2.0/);
    assert.throws(() => parse({ schemaVersion: undefined }), /file.schemaVersion has to be a string/);
  });
});

describe('readTestFile', () => {
  it('reads a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'unified-'));
    try {
      const path = join(folder, 'file.json');
      writeFileSync(path, JSON.stringify(FILE));

      assert.equal(readTestFile(path).description, 'a file');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('checkSchemaVersion', () => {
  it('accepts the versions that this runner knows', () => {
    for (const version of ['1.0', '1.9', '1.28', '1.28.3']) assert.doesNotThrow(() => checkSchemaVersion(version));
  });

  it('refuses any other, and names both', () => {
    for (const version of ['0.1', '1.29', '2.0', '1', 'one']) {
      assert.throws(() => checkSchemaVersion(version), {
        message: `Schema version ${version} is not supported: this runner knows 1.0 to 1.28`,
      });
    }
  });
});

describe('operations and entities in arguments', () => {
  const FIND = { name: 'find', object: 'c' };

  it('are read as those of a test', () => {
    assert.deepEqual(readOperation(FIND, 'operation'), FIND);
    assert.deepEqual(readOperations([FIND, FIND], 'callback'), [FIND, FIND]);
    assert.deepEqual(readEntities([{ thread: { id: 't' } }], 'entities'), [
      { kind: 'thread', id: 't', options: { id: 't' } },
    ]);
  });

  it('cannot have expectations that exclude each other', () => {
    const clash = (keys: Record<string, unknown>, message: RegExp) =>
      assert.throws(() => readOperation({ ...FIND, ...keys }, 'operation'), { message });

    clash(
      { expectError: {}, expectResult: 1 },
      /^operation has expectError and expectResult, which exclude each other$/,
    );
    clash({ expectError: {}, saveResultAsEntity: 'x' }, /expectError and saveResultAsEntity/);
    clash({ ignoreResultAndError: true, expectResult: 1 }, /ignoreResultAndError and expectResult/);
    clash({ ignoreResultAndError: false, expectError: {} }, /ignoreResultAndError and expectError/);
    assert.doesNotThrow(() => readOperation({ ...FIND, expectResult: 1, saveResultAsEntity: 'x' }, 'operation'));
  });
});
