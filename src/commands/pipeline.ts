import type { Document } from '../bson/index.js';
import { isDocument, kindOf } from '../bson/is_document.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';

/** @throws MongoInvalidArgumentError if it is no array of stages; a hole in it is none */
export function checkPipeline(pipeline: unknown): asserts pipeline is Document[] {
  if (!Array.isArray(pipeline)) {
    throw new MongoInvalidArgumentError('Argument "pipeline" must be an array of aggregation stages');
  }
  for (let index = 0; index < pipeline.length; index++) {
    if (isDocument(pipeline[index])) continue;
    throw new MongoInvalidArgumentError(
      `Stage ${index} of an aggregation pipeline must be an object, got ${kindOf(pipeline[index])}`,
    );
  }
}
