import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { describe, it, mock } from 'node:test';
import type { Log, MongoClientOptions, MongoError } from 'mongotempo';
import { TestCluster } from 'mongotempo-server';
import { pino } from 'pino';
import { createLogger, transports } from 'winston';
import { MongoClient } from '../support/checked_client.js';
import { documents, rejection, withServer } from '../support/cluster.js';

/** No server listens there. */
const NOWHERE = `mongodb://${encodeURIComponent('/tmp/there-is-no-such-socket.sock')}`;

/** A place for the log of a client. */
function recording(componentSeverities: MongoClientOptions['mongodbLogComponentSeverities']) {
  const records: Log[] = [];
  const options: MongoClientOptions = {
    ...(componentSeverities !== undefined && { mongodbLogComponentSeverities: componentSeverities }),
    mongodbLogPath: { write: record => records.push(record) },
  };
  return { records, options };
}

describe('the structured log', () => {
  it('can be followed by the id of one operation, from the selection of its server to the check-in', async () => {
    const { records, options } = recording({ default: 'debug' });
    await withServer({ client: options }, async ({ collection }) => {
      await collection.insertOne({ item: 'tea' });
      records.length = 0;

      await collection.insertOne({ item: 'coffee' });

      const { operationId } = records.find(({ message }) => message === 'Command started')!;
      assert.deepEqual(
        records.filter(record => record['operationId'] === operationId).map(({ c, message }) => `${c}: ${message}`),
        [
          'serverSelection: Server selection started',
          'serverSelection: Server selection succeeded',
          'connection: Connection checkout started',
          'connection: Connection checked out',
          'command: Command started',
          'command: Command succeeded',
          'connection: Connection checked in',
        ],
      );
    });
  });

  it('has records that JSON can hold: no bigint, no error, no undefined', async () => {
    const { records, options } = recording({ default: 'trace' });
    await withServer({ client: options }, async ({ collection, db }) => {
      await collection.insertMany(documents(3));
      await rejection(db.command({ noSuchCommand: 1 }));
    });

    assert.ok(records.length > 20);
    for (const { t, ...fields } of records) {
      assert.ok(t instanceof Date);
      for (const [name, value] of Object.entries(fields)) {
        assert.match(typeof value, /^(string|number|boolean)$/, `${name} of ${fields.message}`);
      }
    }
  });

  it('is silent about components that are off, and at info about the wait for a server alone', async () => {
    const { records, options } = recording({ default: 'info', command: 'off' });
    await using client = new MongoClient(NOWHERE, { ...options, serverSelectionTimeoutMS: 50 });

    await rejection(client.db('shop').collection('orders').findOne());

    assert.deepEqual(
      records.map(({ c, s, message, operation }) => [c, s, message, operation as unknown]),
      [['serverSelection', 'info', 'Waiting for suitable server to become available', 'find']],
    );
  });

  // The prose tests of Command Logging and Monitoring.
  describe('cuts documents off', () => {
    async function textsWith(mongodbLogMaxDocumentLength: number | undefined, text: string) {
      const { records, options } = recording({ command: 'debug' });
      const length = mongodbLogMaxDocumentLength === undefined ? {} : { mongodbLogMaxDocumentLength };
      await withServer({ client: { ...options, ...length } }, async ({ collection, db }) => {
        await collection.insertMany(documents(100, { text }));
        await collection.find().toArray();
        await rejection(db.command({ noSuchCommand: 1 }));
      });
      const of = (name: string, message: string) =>
        records.find(record => record['commandName'] === name && record.message === message)!;
      return {
        insert: String(of('insert', 'Command started')['command']),
        inserted: String(of('insert', 'Command succeeded')['reply']),
        found: String(of('find', 'Command succeeded')['reply']),
      };
    }

    it('after 1000 characters by default', async () => {
      const { insert, inserted, found } = await textsWith(undefined, 'y');

      assert.equal(insert.length, 1000 + '...'.length);
      assert.ok(inserted.length <= 1000 && inserted.endsWith('}'));
      assert.equal(found.length, 1000 + '...'.length);
    });

    it('after the length that the option says', async () => {
      const { insert, inserted, found } = await textsWith(5, 'y');

      assert.deepEqual([insert, inserted, found], ['{"ins...', '{"n":...', '{"cur...']);
    });

    it('not in the middle of a character', async () => {
      const { insert } = await textsWith(200, '😀'.repeat(100));

      assert.equal(Array.from(insert.slice(0, -3)).length, 200);
      assert.match(insert, /😀\.\.\.$/u);
    });
  });

  it('does not disturb operations when its destination fails', async () => {
    const lines: string[] = [];
    mock.method(process.stderr, 'write', (line: string) => lines.push(line) > 0);
    try {
      const mongodbLogPath = {
        write() {
          throw new Error('disk full');
        },
      };
      await withServer(
        { client: { mongodbLogComponentSeverities: { default: 'debug' }, mongodbLogPath } },
        async ({ collection }) => {
          await collection.insertOne({});
          assert.equal(await collection.countDocuments(), 1);
        },
      );
    } finally {
      mock.restoreAll();
    }

    assert.equal(lines.filter(line => line.includes('Logging is halted') && line.includes('disk full')).length, 1);
  });

  it('shows no failure of a command that carries credentials', async () => {
    const { records, options } = recording({ command: 'debug' });
    await withServer({ client: options }, async ({ db }) => {
      await rejection<MongoError>(db.command({ createUser: 'ann', pwd: 'hunter2' }));
    });

    assert.deepEqual([records[0]!['command'], records[1]!.message], ['{}', 'Command failed']);
    assert.match(String(records[1]!['failure']), /redacted/);
    assert.doesNotMatch(JSON.stringify(records), /hunter2/);
  });

  it('shows of documents what the hook of the program shows', async () => {
    const { records, options } = recording({ command: 'debug' });
    const redact: MongoClientOptions['redact'] = (commandName, document) =>
      commandName === 'insert' ? { insert: document['insert'] as unknown, documents: 'hidden' } : document;
    await withServer({ client: { ...options, redact } }, async ({ collection }) => {
      await collection.insertOne({ card: '4000 1234' });
    });

    assert.equal(records[0]!['command'], '{"insert":"orders","documents":"hidden"}');
    assert.doesNotMatch(JSON.stringify(records), /4000 1234/);
  });

  it('says which service a client connects to, if that is not MongoDB', async () => {
    const { records, options } = recording({ client: 'info' });
    await using client = new MongoClient('mongodb://x.mongo.cosmos.azure.com', options);

    assert.equal(client.options.hosts.length, 1);
    assert.match(records[0]!.message, /CosmosDB/);
    assert.deepEqual([records[0]!.c, records[0]!.s], ['client', 'info']);
  });

  it('is off unless it is asked for', async () => {
    const write = mock.method(process.stderr, 'write', () => true);
    await withServer({}, async ({ collection }) => {
      await collection.insertOne({});
    });
    const calls = write.mock.callCount();
    mock.restoreAll();

    assert.equal(calls, 0);
  });
});

describe('the log of a program', () => {
  it('is configured by the environment, and is written to stderr as lines of JSON', async () => {
    await using cluster = await TestCluster.start({ seed: 1, nodes: 1 });
    const driver = createRequire(__filename).resolve('mongotempo');
    const program = `
      const { MongoClient } = require(process.argv[2]);
      (async () => {
        const client = new MongoClient(process.argv[1]);
        await client.db('shop').collection('orders').insertOne({ text: 'x'.repeat(500) });
        await client.close();
      })();`;
    const run = (env: Record<string, string>) =>
      new Promise<{ stdout: string; stderr: string }>((resolve, reject) => {
        const child = spawn(process.execPath, ['-e', program, cluster.uri, driver], {
          env: { ...process.env, ...env },
        });
        const output = { stdout: '', stderr: '' };
        child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
        child.on('error', reject);
        child.on('close', () => resolve(output));
      });

    const quiet = await run({});
    const loud = await run({ MONGODB_LOG_COMMAND: 'DEBUG', MONGODB_LOG_MAX_DOCUMENT_LENGTH: '100' });
    const moved = await run({ MONGODB_LOG_ALL: 'debug', MONGODB_LOG_PATH: 'stdout' });
    const wrong = await run({ MONGODB_LOG_ALL: 'loud' });

    const records = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as Log);
    assert.deepEqual(quiet, { stdout: '', stderr: '' });
    const inserts = records(loud.stderr).filter(record => record['commandName'] === 'insert');
    assert.deepEqual(
      inserts.map(({ c, s, message }) => [c, s, message]),
      [
        ['command', 'debug', 'Command started'],
        ['command', 'debug', 'Command succeeded'],
      ],
    );
    assert.equal(String(inserts[0]!['command']).length, 103);
    assert.match(String(inserts[0]!.t), /^\d{4}-.*Z$/);
    const components = new Set(records(moved.stdout).map(({ c }) => c));
    assert.deepEqual([...components].sort(), ['command', 'connection', 'serverSelection', 'topology']);
    assert.equal(moved.stderr, '');
    assert.match(wrong.stderr, /MongoOptionWarning: MONGODB_LOG_ALL must be one of/);
  });

  it('goes to pino in one line', async () => {
    const lines: Record<string, unknown>[] = [];
    const stream = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
    const logger = pino({ level: 'debug' }, stream);

    await withServer(
      {
        client: {
          mongodbLogComponentSeverities: { command: 'debug' },
          mongodbLogPath: { write: ({ s, message, ...fields }) => logger[s as 'debug' | 'info'](fields, message) },
        },
      },
      ({ collection }) => collection.insertOne({}).then(() => undefined),
    );

    const [started] = lines;
    assert.equal(started!['msg'], 'Command started');
    assert.equal(started!['level'], 20);
    assert.equal(started!['commandName'], 'insert');
  });

  it('goes to winston in one line', async () => {
    const logged: Record<string, unknown>[] = [];
    const stream = new Writable({
      objectMode: true,
      write(info: Record<string, unknown>, _encoding, done) {
        logged.push(info);
        done();
      },
    });
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- its declarations are loose
    const logger = createLogger({ level: 'debug' }).add(new transports.Stream({ stream }));

    await withServer(
      {
        client: {
          mongodbLogComponentSeverities: { command: 'debug' },
          mongodbLogPath: { write: ({ s, ...fields }) => logger.log({ level: s, ...fields }) },
        },
      },
      ({ collection }) => collection.insertOne({}).then(() => undefined),
    );

    assert.deepEqual(logged.map(({ level, message, commandName }) => [level, message, commandName]).slice(0, 2), [
      ['debug', 'Command started', 'insert'],
      ['debug', 'Command succeeded', 'insert'],
    ]);
  });
});
