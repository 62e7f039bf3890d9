import type { Call } from '../call.js';
import { badInputCalls } from './bad_input.js';
import { bsonCalls } from './bson.js';
import { bulkCalls } from './bulk.js';
import { collectionCalls } from './collections.js';
import { countCalls } from './counts.js';
import { databaseCalls } from './databases.js';
import { explainCalls } from './explains.js';
import { failures } from './failures.js';
import { findAndModifyCalls } from './find_and_modify.js';
import { indexCalls } from './indexes.js';
import { optionCalls } from './options.js';
import { others } from './others.js';
import { reads } from './reads.js';
import { writes } from './writes.js';

/** The calls that are made with both drivers, by area. */
export const calls: readonly Call[] = [
  ...writes,
  ...findAndModifyCalls,
  ...bulkCalls,
  ...reads,
  ...countCalls,
  ...explainCalls,
  ...indexCalls,
  ...collectionCalls,
  ...databaseCalls,
  ...optionCalls,
  ...bsonCalls,
  ...badInputCalls,
  ...others,
  ...failures,
];
