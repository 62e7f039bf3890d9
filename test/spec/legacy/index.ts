import { authSuite } from './auth_uri.js';
import { binaryVectorSuite } from './binary_vector.js';
import { bsonCorpusSuite } from './bson_corpus.js';
import { cmapSuite } from './cmap.js';
import { concernDocumentSuite, concernUriSuite } from './concerns.js';
import { seedlistSuite } from './dns_seedlist.js';
import { maxStalenessSuite } from './max_staleness.js';
import { sdamSuites } from './sdam.js';
import { inWindowSuite, roundTripTimeSuite, selectionSuite } from './server_selection.js';
import type { LegacySuite } from './suite.js';
import { uriSuites } from './uri.js';

/** Every format but the unified one; a file belongs to the suite whose folder it lies below. */
export const legacySuites: readonly LegacySuite[] = [
  ...uriSuites,
  authSuite,
  concernUriSuite,
  concernDocumentSuite,
  ...sdamSuites,
  selectionSuite,
  inWindowSuite,
  roundTripTimeSuite,
  maxStalenessSuite,
  cmapSuite,
  bsonCorpusSuite,
  binaryVectorSuite,
  seedlistSuite,
];
