import { call, create } from '../drivers/driver.js';
import { type Doc, show } from './bson_values.js';
import { createClient } from './client_entity.js';
import type { TestContext } from './context.js';
import { Thread } from './entities.js';
import { optionsOf } from './options.js';
import type { EntityDefinition, EntityKind } from './test_file.js';

type Create = (id: string, options: Doc, context: TestContext) => Promise<void> | void;

const CREATE: Readonly<Record<EntityKind, Create>> = {
  client: createClient,
  clientEncryption: () => unsupported('client-side encryption'),
  database(id, options, { entities, driver }) {
    checkFields(options, ['client', 'databaseName', 'databaseOptions']);
    const client = entities.get('client', String(options['client']));
    const own = optionsOf((options['databaseOptions'] ?? {}) as Doc, driver, entities);
    entities.add(id, 'database', call(client, 'db', options['databaseName'], own));
  },
  collection(id, options, { entities, driver }) {
    checkFields(options, ['database', 'collectionName', 'collectionOptions']);
    const database = entities.get('database', String(options['database']));
    const own = optionsOf((options['collectionOptions'] ?? {}) as Doc, driver, entities);
    entities.add(id, 'collection', call(database, 'collection', options['collectionName'], own));
  },
  session(id, options, { entities, driver }) {
    checkFields(options, ['client', 'sessionOptions']);
    const client = entities.get('client', String(options['client']));
    const own = optionsOf((options['sessionOptions'] ?? {}) as Doc, driver, entities);
    entities.add(id, 'session', call(client, 'startSession', own));
  },
  bucket(id, options, { entities, driver }) {
    checkFields(options, ['database', 'bucketOptions']);
    const database = entities.get('database', String(options['database']));
    const own = optionsOf((options['bucketOptions'] ?? {}) as Doc, driver, entities);
    entities.add(id, 'bucket', create(driver, 'GridFSBucket', database, own));
  },
  stream: () => unsupported('stream entities'),
  thread(id, options, { entities }) {
    checkFields(options, []);
    entities.add(id, 'thread', new Thread());
  },
};

/** One after the other: each may name those before it. */
export async function createEntities(definitions: readonly EntityDefinition[], context: TestContext): Promise<void> {
  for (const { kind, id, options } of definitions) await CREATE[kind](id, options, context);
}

function checkFields(options: Doc, known: readonly string[]): void {
  const extra = Object.keys(options).filter(name => name !== 'id' && !known.includes(name));
  if (extra.length > 0) throw new Error(`An entity ${show(options)} has ${extra.join(', ')}, unknown to this runner`);
}

function unsupported(what: string): never {
  throw new Error(`This runner has no ${what}`);
}
