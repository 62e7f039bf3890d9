import { call } from '../../drivers/driver.js';
import { type Doc, fieldsOf } from '../bson_values.js';
import { present } from '../options.js';
import { startChangeStream, WATCH } from './change_stream.js';
import { COMMON, CONCERNS, define, type OperationTable } from './definition.js';

const LIST = [...COMMON, 'filter', 'nameOnly', 'authorizedDatabases'];

/** Operations on a client, "Client Operations". */
export const clientOperations: OperationTable = {
  appendMetadata: define(['driverInfoOptions'], [], async ({ target, args }) =>
    call(target, 'appendMetadata', args['driverInfoOptions']),
  ),
  clientBulkWrite: define(
    ['models'],
    [...COMMON, ...CONCERNS, 'ordered', 'verboseResults', 'bypassDocumentValidation'],
    async ({ target, args, options }) => {
      const models = (args['models'] as readonly Doc[]).map(modelOf);
      return bulkResult(await call(target, 'bulkWrite', models, options));
    },
  ),
  close: define([], ['force'], async ({ target }) => call(target, 'close')),
  createChangeStream: define(['pipeline'], WATCH, startChangeStream),
  dropDatabase: define(['database'], [...COMMON, 'writeConcern'], async ({ target, args, options }) =>
    call(call(target, 'db', args['database']) as object, 'dropDatabase', options),
  ),
  listDatabaseNames: define([], LIST, async ({ target, options }) => {
    const { databases } = await listDatabases(target, { ...options, nameOnly: true });
    return databases.map(({ name }) => name);
  }),
  listDatabaseObjects: define(
    [],
    LIST,
    async ({ target, options }) => (await listDatabases(target, options)).databases,
  ),
  listDatabases: define([], LIST, async ({ target, options }) => (await listDatabases(target, options)).databases),
};

async function listDatabases(client: object, options: object): Promise<{ databases: readonly Doc[] }> {
  const admin = call(call(client, 'db') as object, 'admin') as object;
  return (await call(admin, 'listDatabases', options)) as { databases: readonly Doc[] };
}

/** `{insertOne: {namespace, document}}` is `{name: 'insertOne', namespace, document}` for drivers. */
function modelOf(model: Doc): Doc {
  const [[name, fields] = ['', {}]] = Object.entries(model);
  return { name, ...(fields as Doc) };
}

/** Results by index are Maps in drivers; the format has them as documents. */
export function bulkResult(result: unknown): unknown {
  const fields = fieldsOf(present(result));
  if (fields === undefined) return result;
  return Object.fromEntries(
    [...fields].map(([name, value]) => [name, value instanceof Map ? byIndex(value as Map<unknown, unknown>) : value]),
  );
}

function byIndex(results: ReadonlyMap<unknown, unknown>): Doc {
  return Object.fromEntries(
    [...results].map(([index, one]) => {
      // Drivers' own: whether there is an upsertedId.
      const { didUpsert: _, ...fields } = present(one) as Doc;
      return [String(index), fields];
    }),
  );
}
