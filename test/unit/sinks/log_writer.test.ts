import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, describe, it, mock } from 'node:test';
import type { Log, MongoDBLogWritable } from '../../../src/sinks/log_options.js';
import { LogWriter } from '../../../src/sinks/log_writer.js';
import { Deferred } from '../../support/deferred.js';

const now = () => new Date(5);
const record = (message: string): Log => ({ t: now(), c: 'command', s: 'debug', message });
/** Lets promises that are settled reach those who wait. */
const turn = () => new Promise(resolve => setImmediate(resolve));

/** What a writer of this destination does: its calls, and whether it has ended. */
function writing(destination: ConstructorParameters<typeof LogWriter>[0]) {
  const state = { halted: 0 };
  const writer = new LogWriter(destination, now, () => state.halted++);
  return { writer, state };
}

/** Lines that the test writes to stderr while this runs. */
function stderrLines(): { readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  mock.method(process.stderr, 'write', (line: string, done: (error?: Error | null) => void) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
    done(null);
    return true;
  });
  return { lines };
}

describe('a log that is written to an object', () => {
  afterEach(() => mock.restoreAll());

  it('gives it plain records that it may change, one after the other, as a method', () => {
    const seen: unknown[] = [];
    const destination = {
      seen,
      write(log: Log) {
        log['extra'] = true;
        this.seen.push(log);
      },
    };
    const { writer } = writing(destination);

    writer.write(record('one'));
    writer.write(record('two'));

    assert.deepEqual(seen, [
      { ...record('one'), extra: true },
      { ...record('two'), extra: true },
    ]);
  });

  it('waits for the promise of a write before the next', async () => {
    const seen: string[] = [];
    const pending: Deferred<void>[] = [];
    const { writer } = writing({
      write({ message }) {
        seen.push(message);
        pending.push(new Deferred());
        return pending.at(-1)!.promise;
      },
    });
    for (const message of ['one', 'two', 'three']) writer.write(record(message));
    assert.deepEqual(seen, ['one']);

    pending[0]!.resolve();
    await turn();
    assert.deepEqual(seen, ['one', 'two']);

    pending[1]!.resolve();
    await turn();
    assert.deepEqual(seen, ['one', 'two', 'three']);
  });

  it('keeps a bounded number of records for a slow destination, and says how many it dropped', async () => {
    const seen: Log[] = [];
    const first = new Deferred<void>();
    const { writer } = writing({
      write(log) {
        seen.push(log);
        return seen.length === 1 ? first.promise : undefined;
      },
    });
    for (let i = 0; i <= 1000 + 7; i++) writer.write(record(String(i)));

    first.resolve();
    await turn();
    writer.write(record('later'));

    assert.equal(seen.length, 1 + 1000 + 1 + 1);
    assert.deepEqual(
      seen.slice(1, 1001).map(({ message }) => message),
      Array.from({ length: 1000 }, (_, index) => String(index + 1)),
    );
    assert.deepEqual([seen[1001]!.c, seen[1001]!.s, seen[1001]!['dropped']], ['client', 'warn', 7]);
    assert.equal(seen[1002]!.message, 'later');
  });

  it('says where records are missing although the destination is never done', async () => {
    const seen: Log[] = [];
    const pending: Deferred<void>[] = [];
    const { writer } = writing({
      write(log) {
        seen.push(log);
        pending.push(new Deferred());
        return pending.at(-1)!.promise;
      },
    });
    for (let i = 0; i <= 1000 + 2; i++) writer.write(record(String(i)));
    for (let i = 0; i < 2; i++) {
      pending[i]!.resolve();
      await turn();
    }
    writer.write(record('after the gap'));

    for (let i = 2; i < 1003; i++) {
      pending[i]!.resolve();
      await turn();
    }

    assert.deepEqual(
      seen.slice(-3).map(log => (log['dropped'] as unknown) ?? log.message),
      ['1000', 2, 'after the gap'],
    );
  });

  const failing: readonly (readonly [string, MongoDBLogWritable['write']])[] = [
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
    [
      'returns what throws when it is waited for',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: a hostile promise is what is tested
        then() {
          throw new Error('disk full');
        },
      }),
    ],
  ];
  for (const [what, write] of failing) {
    it(`ends when it ${what}: a note on stderr, and nothing more`, async () => {
      const stderr = stderrLines();
      let calls = 0;
      const { writer, state } = writing({
        write(log) {
          calls++;
          return write(log);
        },
      });

      writer.write(record('one'));
      writer.write(record('two'));
      await turn();
      writer.write(record('three'));

      assert.equal(calls, 1);
      assert.equal(state.halted, 1);
      assert.deepEqual(stderr.lines, [
        {
          ...{ t: '1970-01-01T00:00:00.005Z', c: 'client', s: 'error', error: 'disk full' },
          message: 'User input for mongodbLogPath is now invalid. Logging is halted.',
        },
      ]);
    });
  }

  it('survives a stderr that fails as well', () => {
    mock.method(process.stderr, 'write', () => {
      throw new Error('closed');
    });
    const { writer, state } = writing({
      write() {
        throw new Error('disk full');
      },
    });

    writer.write(record('one'));

    assert.equal(state.halted, 1);
  });
});

describe('a log that is written to a stream', () => {
  afterEach(() => mock.restoreAll());

  it('is one line of JSON for each record', () => {
    const stderr = stderrLines();

    writing('stderr').writer.write(record('one\ntwo'));

    assert.deepEqual(stderr.lines, [{ ...record('one\ntwo'), t: '1970-01-01T00:00:00.005Z' }]);
  });

  it('is lines on a stream of text, and records on a stream of objects', () => {
    const chunks: unknown[] = [];
    const streamOf = (objectMode: boolean) =>
      new Writable({
        objectMode,
        decodeStrings: false,
        write(chunk: unknown, _encoding, done) {
          chunks.push(chunk);
          done();
        },
      });

    writing(streamOf(false)).writer.write(record('line'));
    writing(streamOf(true)).writer.write(record('object'));

    assert.deepEqual(chunks, [
      '{"t":"1970-01-01T00:00:00.005Z","c":"command","s":"debug","message":"line"}\n',
      record('object'),
    ]);
  });

  it('waits while a stream is full, and loses nothing meanwhile', async () => {
    const chunks: string[] = [];
    const ends: (() => void)[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        chunks.push((JSON.parse(chunk) as Log).message);
        ends.push(done);
      },
    });
    const { writer } = writing(slow);
    for (const message of ['one', 'two', 'three']) writer.write(record(message));
    assert.equal(slow.writableLength > 0, true);

    for (let i = 0; i < 3; i++) {
      ends[i]!();
      await turn();
    }

    assert.deepEqual(chunks, ['one', 'two', 'three']);
    assert.equal(slow.listenerCount('error'), 0);
  });

  it('ends when the stream breaks, and the broken stream does not end the process', async () => {
    const stderr = stderrLines();
    const broken = new Writable({
      write(_chunk, _encoding, done) {
        done(new Error('broken pipe'));
      },
    });
    const { writer, state } = writing(broken);

    writer.write(record('one'));
    await turn();
    writer.write(record('two'));
    writer.write(record('three'));

    assert.equal(state.halted, 1);
    assert.equal(stderr.lines.length, 1);
    assert.equal(stderr.lines[0]!['error'], 'broken pipe');
  });

  it('ends when a stream that is full is closed', async () => {
    const stderr = stderrLines();
    const stuck = new Writable({ highWaterMark: 1, write: () => undefined });
    const { writer, state } = writing(stuck);
    writer.write(record('one'));

    stuck.destroy();
    await turn();

    assert.equal(state.halted, 1);
    assert.equal(stderr.lines.length, 1);
  });

  it('is appended to a file that clients share', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mongotempo-log-'));
    try {
      const file = join(folder, 'db.log');
      for (const message of ['one', 'two']) writing({ file }).writer.write(record(message));

      let text = '';
      while (text.split('\n').length < 3) {
        await turn();
        text = existsSync(file) ? readFileSync(file, 'utf8') : '';
      }

      assert.deepEqual(
        text
          .trimEnd()
          .split('\n')
          .map(line => (JSON.parse(line) as Log).message),
        ['one', 'two'],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends when its file cannot be opened', async () => {
    const stderr = stderrLines();
    const { writer, state } = writing({ file: join(tmpdir(), 'there/is/no/such/folder/db.log') });

    while (state.halted === 0) {
      writer.write(record('one'));
      await turn();
    }

    assert.match(String(stderr.lines[0]!['error']), /ENOENT/);
  });
});
