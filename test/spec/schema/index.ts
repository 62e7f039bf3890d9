import Ajv from 'ajv';
import { anything, document, either, fields, flag, list, matching, oneOf, ref, type Schema, text } from './build.js';
import { ENTITY, LOG_COMPONENTS, LOG_LEVEL, OPTIONS, PLACEHOLDER } from './entities.js';
import { EVENTS, EVENTS_FOR_CLIENT } from './events.js';

const SERVER_VERSION = matching('^[0-9]+(\\.[0-9]+){1,2}$');

const RUN_ON = fields(
  {
    maxServerVersion: SERVER_VERSION,
    minServerVersion: SERVER_VERSION,
    topologies: list(oneOf('single', 'replicaset', 'sharded', 'sharded-replicaset', 'load-balanced'), 1),
    serverless: oneOf('require', 'forbid', 'allow'),
    serverParameters: { ...document, minProperties: 1 },
    auth: flag,
    authMechanism: text,
    csfle: either(flag, fields({ minLibmongocryptVersion: SERVER_VERSION }, ['minLibmongocryptVersion'])),
  },
  [],
  { minProperties: 1 },
);

const OPERATION = fields(
  {
    name: text,
    object: text,
    arguments: document,
    ignoreResultAndError: flag,
    expectError: ref('expectedError'),
    expectResult: anything,
    saveResultAsEntity: text,
  },
  ['name', 'object'],
  {
    allOf: [
      excluding('expectError', 'expectResult', 'saveResultAsEntity'),
      excluding('ignoreResultAndError', 'expectResult', 'expectError', 'saveResultAsEntity'),
    ],
  },
);

/** "collectionData": the runner's own write concern (majority) counts. */
const CREATE_OPTIONS: Schema = { ...document, properties: { writeConcern: false } };

const LABELS = list(text, 1);

const ERROR = fields(
  {
    isError: { type: 'boolean', const: true },
    isClientError: flag,
    isTimeoutError: flag,
    errorContains: text,
    errorCode: { type: 'integer' },
    errorCodeName: text,
    errorLabelsContain: LABELS,
    errorLabelsOmit: LABELS,
    writeErrors: document,
    writeConcernErrors: list(document),
    errorResponse: document,
    expectResult: anything,
  },
  [],
  { minProperties: 1 },
);

const LOG_MESSAGE = fields(
  {
    level: LOG_LEVEL,
    component: oneOf(...LOG_COMPONENTS),
    data: { ...document, minProperties: 1 },
    failureIsRedacted: flag,
  },
  ['level', 'component', 'data'],
);

const LOGS_FOR_CLIENT = fields(
  {
    client: text,
    messages: list(ref('expectedLogMessage')),
    ignoreMessages: list(ref('expectedLogMessage')),
    ignoreExtraMessages: flag,
  },
  ['client', 'messages'],
);

const SPAN = fields({ name: text, attributes: document, nested: list(ref('expectedSpan')) }, ['name', 'attributes']);

const TEST = fields(
  {
    description: text,
    runOnRequirements: list(ref('runOnRequirement'), 1),
    skipReason: text,
    operations: list(ref('operation')),
    expectEvents: list(ref('expectedEventsForClient'), 1),
    expectLogMessages: list(ref('expectedLogMessagesForClient'), 1),
    expectTracingMessages: list(ref('expectedTracing'), 1),
    outcome: list(ref('collectionData'), 1),
  },
  ['description', 'operations'],
);

/** The unified test format as a schema, written from its text. */
export const SCHEMA: Schema = {
  ...fields(
    {
      description: text,
      schemaVersion: matching('^[0-9]+(\\.[0-9]+){1,2}$'),
      runOnRequirements: list(ref('runOnRequirement'), 1),
      createEntities: list(ref('entity'), 1),
      initialData: list(ref('collectionData'), 1),
      tests: list(ref('test'), 1),
      _yamlAnchors: document,
    },
    ['description', 'schemaVersion', 'tests'],
  ),
  definitions: {
    runOnRequirement: RUN_ON,
    entity: ENTITY,
    collectionOrDatabaseOptions: OPTIONS,
    placeholder: PLACEHOLDER,
    collectionData: fields(
      { collectionName: text, databaseName: text, createOptions: CREATE_OPTIONS, documents: list(document) },
      ['collectionName', 'databaseName', 'documents'],
    ),
    test: TEST,
    operation: OPERATION,
    expectedError: ERROR,
    expectedEventsForClient: EVENTS_FOR_CLIENT,
    ...EVENTS,
    expectedLogMessage: LOG_MESSAGE,
    expectedLogMessagesForClient: LOGS_FOR_CLIENT,
    expectedTracing: fields({ client: text, ignoreExtraSpans: flag, spans: list(ref('expectedSpan')) }, [
      'client',
      'spans',
    ]),
    expectedSpan: SPAN,
  },
};

const validate = new Ajv({ allErrors: true, strict: false }).compile(SCHEMA);

/** What the schema has against a file; nothing when it is well formed. */
export function schemaErrors(content: unknown): readonly string[] {
  if (validate(content)) return [];
  return (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath || 'the file'} ${message}`);
}

function excluding(field: string, ...others: readonly string[]): Schema {
  return { not: { required: [field], anyOf: others.map(other => ({ required: [other] })) } };
}
