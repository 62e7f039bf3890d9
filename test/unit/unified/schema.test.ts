import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { schemaErrors } from '../../spec/schema/index.js';

const test = { description: 'test', operations: [] };
const file = (more: object): object => ({ description: 'file', schemaVersion: '1.0', tests: [test], ...more });
const withTest = (more: object): object => file({ tests: [{ ...test, ...more }] });
const withClient = (more: object): object => file({ createEntities: [{ client: { id: 'client0', ...more } }] });
const withEncryption = (more: object): object =>
  file({
    createEntities: [
      { client: { id: 'client0' } },
      {
        clientEncryption: {
          id: 'encryption0',
          clientEncryptionOpts: {
            keyVaultClient: 'client0',
            keyVaultNamespace: 'keyvault.datakeys',
            kmsProviders: { aws: {} },
            ...more,
          },
        },
      },
    ],
  });
const withData = (createOptions: object): object =>
  file({ initialData: [{ collectionName: 'c', databaseName: 'd', documents: [], createOptions }] });

const VALID: Readonly<Record<string, object>> = {
  'a test without expectations': withTest({}),
  'client encryption with a key vault': withEncryption({ keyExpirationMS: 1 }),
  'a client that stores events': withClient({
    storeEventsAsEntities: [{ id: 'events', events: ['PoolCreatedEvent', 'CommandStartedEvent'] }],
  }),
  'options of a collection': withData({ capped: true, size: 512 }),
  'an expectation of no events': withTest({ expectEvents: [{ client: 'client0', events: [] }] }),
};

const INVALID: Readonly<Record<string, object>> = {
  'tlsOptions of client encryption': withEncryption({ tlsOptions: {} }),
  'an empty expectEvents': withTest({ expectEvents: [] }),
  'an empty expectLogMessages': withTest({ expectLogMessages: [] }),
  'an empty expectTracingMessages': withTest({ expectTracingMessages: [] }),
  'an empty outcome': withTest({ outcome: [] }),
  'a write concern in createOptions': withData({ writeConcern: { w: 1 } }),
  'a stored event that the format does not have': withClient({
    storeEventsAsEntities: [{ id: 'events', events: ['commandStartedEvent'] }],
  }),
  'stored events without an id': withClient({ storeEventsAsEntities: [{ events: ['CommandStartedEvent'] }] }),
  'an empty storeEventsAsEntities': withClient({ storeEventsAsEntities: [] }),
  'a log message with empty data': withTest({
    expectLogMessages: [{ client: 'client0', messages: [{ level: 'debug', component: 'command', data: {} }] }],
  }),
};

describe('the schema of the unified test format', () => {
  for (const [what, content] of Object.entries(VALID)) {
    it(`has nothing against ${what}`, () => assert.deepEqual(schemaErrors(content), []));
  }
  for (const [what, content] of Object.entries(INVALID)) {
    it(`refuses ${what}`, () => assert.notEqual(schemaErrors(content).length, 0));
  }
});
