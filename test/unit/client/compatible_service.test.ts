import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noteOnService } from '../../../src/client/compatible_service.js';
import { resolveOptions } from '../../../src/uri/resolve.js';

describe('noteOnService', () => {
  const uris: readonly (readonly [string, string | null])[] = [
    ['mongodb://a.example.com', null],
    ['mongodb://db.cosmos.azure.com.example.com', null],
    ['mongodb://a.MONGO.COSMOS.AZURE.COM', 'CosmosDB'],
    ['mongodb://a.example.com,b.docdb.amazonaws.com', 'DocumentDB'],
    ['mongodb://a.docdb-elastic.amazonaws.com', 'DocumentDB'],
    ['mongodb+srv://x.mongo.cosmos.azure.com', 'CosmosDB'],
  ];
  for (const [uri, service] of uris) {
    it(`names ${service ?? 'nothing'} for ${uri}`, () => {
      const note = noteOnService(resolveOptions(uri));

      if (service === null) assert.equal(note, null);
      else assert.ok(note?.startsWith(`You appear to be connected to a ${service} cluster.`));
    });
  }
});
