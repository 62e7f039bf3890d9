import { readFileSync } from 'node:fs';
import { EJSON } from 'bson';
import { type Doc, plain } from './bson_values.js';
import type { EventType, ExpectedEvents } from './events.js';
import type { ExpectedError } from './expected_error.js';
import type { ExpectedLogs } from './logs.js';
import { type RunOnRequirement, readRequirements } from './requirements.js';
import { anything, readDocument, readFields, readFlag, readList, readOneOf, readText } from './shapes.js';
import type { ExpectedSpan, ExpectedTracing } from './tracing.js';

/** The newest schema that this runner knows; an older minor version is a subset of it. */
const SCHEMA = { major: 1, minor: 28 } as const;

const ENTITY_KINDS = [
  'client',
  'clientEncryption',
  'database',
  'collection',
  'session',
  'bucket',
  'stream',
  'thread',
] as const;
export type EntityKind = (typeof ENTITY_KINDS)[number];

const EVENT_TYPES: readonly EventType[] = ['command', 'cmap', 'sdam'];

type ExpectedEventsInFile = Pick<ExpectedEvents, 'client' | 'events'> & Partial<ExpectedEvents>;

/** One thing that a test creates; its options are as the file has them. */
export interface EntityDefinition {
  readonly kind: EntityKind;
  readonly id: string;
  readonly options: Doc;
}

/** Values of BSON (arguments, expected results) keep the types of their numbers; `plain` takes them away. */
export interface Operation {
  readonly name: string;
  readonly object: string;
  readonly arguments?: Doc;
  readonly expectError?: ExpectedError;
  /** null is a result too: ask whether the operation has the key. */
  readonly expectResult?: unknown;
  readonly saveResultAsEntity?: string;
  readonly ignoreResultAndError?: boolean;
}

export interface CollectionData {
  readonly collectionName: string;
  readonly databaseName: string;
  readonly createOptions?: Doc;
  readonly documents: readonly Doc[];
}

export interface TestCase {
  readonly description: string;
  readonly runOnRequirements?: readonly RunOnRequirement[];
  readonly skipReason?: string;
  readonly operations: readonly Operation[];
  readonly expectEvents?: readonly ExpectedEvents[];
  readonly expectLogMessages?: readonly ExpectedLogs[];
  readonly expectTracingMessages?: readonly ExpectedTracing[];
  readonly outcome?: readonly CollectionData[];
}

export interface TestFile {
  readonly description: string;
  readonly schemaVersion: string;
  readonly runOnRequirements?: readonly RunOnRequirement[];
  readonly createEntities?: readonly EntityDefinition[];
  readonly initialData?: readonly CollectionData[];
  readonly tests: readonly TestCase[];
  /** Where the source of a file keeps what it repeats; nothing to run. */
  readonly _yamlAnchors?: unknown;
}

export function readTestFile(path: string): TestFile {
  return parseTestFile(readFileSync(path, 'utf8'));
}

/** A file whose version is not supported is told so before anything else in it is looked at. */
export function parseTestFile(text: string): TestFile {
  // Not relaxed: an int, a long and a double stay apart, as `$$type` and the driver's commands need them.
  const content = readDocument(EJSON.parse(text, { relaxed: false }), 'file');
  checkSchemaVersion(readText(content['schemaVersion'], 'file.schemaVersion'));
  return readFields<TestFile>(
    content,
    'file',
    {
      description: readText,
      schemaVersion: readText,
      runOnRequirements: readRequirements,
      createEntities: readEntities,
      initialData: readData,
      tests: (value, path) => readList(value, path, readTest),
      _yamlAnchors: anything,
    },
    ['description', 'schemaVersion', 'tests'],
  );
}

export function checkSchemaVersion(version: string): void {
  const found = /^(\d+)\.(\d+)(?:\.\d+)?$/.exec(version);
  if (found !== null && Number(found[1]) === SCHEMA.major && Number(found[2]) <= SCHEMA.minor) return;
  throw new Error(
    `Schema version ${version} is not supported: this runner knows ${SCHEMA.major}.0 to ${SCHEMA.major}.${SCHEMA.minor}`,
  );
}

function readTest(value: unknown, path: string): TestCase {
  return readFields<TestCase>(
    value,
    path,
    {
      description: readText,
      runOnRequirements: readRequirements,
      skipReason: readText,
      operations: readOperations,
      expectEvents: (list, at) => readList(list, at, readExpectedEvents),
      expectLogMessages: (list, at) => readList(list, at, readExpectedLogs),
      expectTracingMessages: readExpectedTracing,
      outcome: readData,
    },
    ['description', 'operations'],
  );
}

/** The operations of a test, or those that `withTransaction` has in its argument `callback`. */
export function readOperations(value: unknown, path: string): readonly Operation[] {
  return readList(value, path, readOperation);
}

/** One operation, as also `runOnThread` has in its argument `operation`. */
export function readOperation(value: unknown, path: string): Operation {
  const operation = readFields<Operation>(
    value,
    path,
    {
      name: readText,
      object: readText,
      arguments: readDocument,
      expectError: readExpectedError,
      expectResult: anything,
      saveResultAsEntity: readText,
      ignoreResultAndError: readFlag,
    },
    ['name', 'object'],
  );
  const saved = ['expectResult', 'saveResultAsEntity'].filter(key => key in operation);
  const clashes = 'expectError' in operation ? ['expectError', ...saved] : saved;
  if ('expectError' in operation && saved.length > 0) throw clash(path, clashes);
  // The schema forbids the key beside another expectation, even when it is false.
  if ('ignoreResultAndError' in operation && clashes.length > 0) {
    throw clash(path, ['ignoreResultAndError', ...clashes]);
  }
  return operation;
}

/** The entities of a file, or those that the operation `createEntities` has in its argument `entities`. */
export function readEntities(value: unknown, path: string): readonly EntityDefinition[] {
  return readList(value, path, readEntity);
}

function readEntity(value: unknown, path: string): EntityDefinition {
  const entries = Object.entries(readDocument(value, path));
  const [first] = entries;
  if (first === undefined || entries.length > 1) throw new Error(`${path} has to have one key, the kind of the entity`);
  const kind = readOneOf(first[0], path, ENTITY_KINDS);
  const options = readDocument(first[1], `${path}.${kind}`);
  return { kind, id: readText(options['id'], `${path}.${kind}.id`), options };
}

function readExpectedError(value: unknown, path: string): ExpectedError {
  const readTexts = (list: unknown, at: string) => readList(list, at, readText);
  return readFields<ExpectedError>(
    value,
    path,
    {
      isError: readFlag,
      isClientError: readFlag,
      isTimeoutError: readFlag,
      errorContains: readText,
      errorCode: plain,
      errorCodeName: readText,
      errorLabelsContain: readTexts,
      errorLabelsOmit: readTexts,
      errorResponse: readDocument,
      writeErrors: readDocument,
      writeConcernErrors: readDocuments,
      expectResult: anything,
    },
    [],
  );
}

function readExpectedEvents(value: unknown, path: string): ExpectedEvents {
  const { eventType, ignoreExtraEvents, ...rest } = readFields<ExpectedEventsInFile>(
    value,
    path,
    {
      client: readText,
      eventType: (name, at) => readOneOf(name, at, EVENT_TYPES),
      events: readDocuments,
      ignoreExtraEvents: readFlag,
    },
    ['client', 'events'],
  );
  return { ...rest, eventType: eventType ?? 'command', ignoreExtraEvents: ignoreExtraEvents ?? false };
}

function readExpectedLogs(value: unknown, path: string): ExpectedLogs {
  const read = readFields<Pick<ExpectedLogs, 'client' | 'messages'> & Partial<ExpectedLogs>>(
    value,
    path,
    { client: readText, messages: readDocuments, ignoreMessages: readDocuments, ignoreExtraMessages: readFlag },
    ['client', 'messages'],
  );
  return { ignoreMessages: [], ignoreExtraMessages: false, ...read };
}

/** A list of one in the sample: what each client traced. */
function readExpectedTracing(value: unknown, path: string): readonly ExpectedTracing[] {
  return readList(value, path, (one, at) => {
    const read = readFields<Pick<ExpectedTracing, 'client' | 'spans'> & Partial<ExpectedTracing>>(
      one,
      at,
      { client: readText, spans: readSpans, ignoreExtraSpans: readFlag },
      ['client', 'spans'],
    );
    return { ignoreExtraSpans: false, ...read };
  });
}

function readSpans(value: unknown, path: string): readonly ExpectedSpan[] {
  return readList(value, path, (one, at) =>
    readFields<ExpectedSpan>(one, at, { name: readText, attributes: readDocument, nested: readSpans }, [
      'name',
      'attributes',
    ]),
  );
}

function readData(value: unknown, path: string): readonly CollectionData[] {
  return readList(value, path, readCollectionData);
}

function readCollectionData(value: unknown, path: string): CollectionData {
  return readFields<CollectionData>(
    value,
    path,
    { collectionName: readText, databaseName: readText, createOptions: readDocument, documents: readDocuments },
    ['collectionName', 'databaseName', 'documents'],
  );
}

function readDocuments(value: unknown, path: string): readonly Doc[] {
  return readList(value, path, readDocument);
}

function clash(path: string, keys: readonly string[]): Error {
  return new Error(`${path} has ${keys.join(' and ')}, which exclude each other`);
}
