import type { TestCase, TestFile } from './test_file.js';

/** Parts of a driver that tests of many areas need and that a driver may not have. */
export type Feature = 'authentication' | 'change streams' | 'GridFS' | 'log messages' | 'tracing';

/** What a test needs of its driver, whatever the file is called. Authentication depends on the server that it runs on. */
export function featuresOf({ createEntities = [] }: TestFile, test: TestCase): readonly Feature[] {
  const created = [...createEntities, ...createdIn(test)];
  const needs: Record<Exclude<Feature, 'authentication'>, boolean> = {
    'change streams': test.operations.some(({ name }) => name === 'createChangeStream'),
    GridFS: created.some(({ kind }) => kind === 'bucket'),
    'log messages': test.expectLogMessages !== undefined,
    tracing: test.expectTracingMessages !== undefined,
  };
  return Object.entries(needs).flatMap(([feature, isNeeded]) => (isNeeded ? [feature as Feature] : []));
}

/** The kinds of the entities that a test creates by an operation. */
function createdIn({ operations }: TestCase): readonly { readonly kind: string }[] {
  return operations
    .filter(({ name }) => name === 'createEntities')
    .flatMap(({ arguments: given }) => (given?.['entities'] ?? []) as object[])
    .flatMap(entity => Object.keys(entity).map(kind => ({ kind })));
}
