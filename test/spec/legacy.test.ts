import { describe, it } from 'node:test';
import { skipReason, specificationFiles } from '../support/specifications.js';
import { legacySuites } from './legacy/index.js';

for (const suite of legacySuites) {
  describe(suite.folder, { skip: skipReason(suite.folder) }, () => {
    for (const file of specificationFiles(suite.folder)) {
      for (const { description, skip = false, run } of suite.cases(file)) {
        it(`${file.name}: ${description}`, { skip }, run);
      }
    }
  });
}
