import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MongoError } from '../../../src/errors/base.js';
import { parseConnectionString } from '../../../src/uri/connection_string.js';
import { OPTION_NAMES } from '../../../src/uri/options/table.js';
import { resolveOptions } from '../../../src/uri/resolve.js';

/** Any text that UTF-8 can write: lone surrogates cannot be percent-encoded. */
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });

const host = fc.oneof(
  fc.domain().map(name => name.toLowerCase()),
  fc.ipV4(),
  fc.ipV6().map(address => `[${address}]`),
);

const database = text.filter(value => !/[/\\ "$\0]/.test(value));

/** Texts near the grammar reach further into the parser than arbitrary ones. */
const nearlyUri = fc
  .array(
    fc.oneof(
      fc.constantFrom(':', '@', '/', '?', '&', '=', ',', '%', '[', ']', '.sock', '%2F', '%zz', '%00', '#', ' '),
      fc.constantFrom(...OPTION_NAMES),
      fc.string({ maxLength: 5 }),
      fc.integer().map(String),
      fc.boolean().map(String),
    ),
    { maxLength: 20 },
  )
  .map(parts => parts.join(''));

function throwsOnlyMongoErrors(run: () => void): void {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof MongoError, String(error));
  }
}

describe('resolveOptions, for any input', () => {
  it('resolveOptions throws nothing but errors of the driver for any text', () => {
    fc.assert(fc.property(fc.string(), uri => throwsOnlyMongoErrors(() => resolveOptions(uri))));
  });

  it('resolveOptions throws nothing but errors of the driver for texts near the grammar', () => {
    const uri = fc.tuple(fc.constantFrom('mongodb://', 'mongodb+srv://', 'mongodb://h/?'), nearlyUri);
    fc.assert(
      fc.property(uri, parts => throwsOnlyMongoErrors(() => resolveOptions(parts.join('')))),
      { numRuns: 1000 },
    );
  });

  it('any value of an option in a connection string gives nothing but errors of the driver', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OPTION_NAMES), fc.string(), (name, value) =>
        throwsOnlyMongoErrors(() => resolveOptions(`mongodb://u:p@h/?${name}=${encodeURIComponent(value)}`)),
      ),
      { numRuns: 1000 },
    );
  });

  it('any value of an option of a program gives nothing but errors of the driver', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OPTION_NAMES), fc.anything({ withNullPrototype: true }), (name, value) =>
        throwsOnlyMongoErrors(() => resolveOptions('mongodb://u:p@h', { [name]: value })),
      ),
      { numRuns: 1000 },
    );
  });

  it('a password that is not percent-encoded is never shown', () => {
    const secret = 'Zq7secret';
    const around = fc.constantFrom(
      '',
      ':',
      '@',
      '/',
      '?',
      '&',
      '=',
      ',',
      '%',
      '[',
      ']',
      '#',
      '?a=',
      '/?w=',
      ':1/',
      '1?',
      '1/?w=',
      '1?x=1&',
    );
    fc.assert(
      fc.property(fc.array(around, { maxLength: 4 }), fc.array(around, { maxLength: 4 }), (before, after) => {
        const uri = `mongodb://u:${before.join('')}${secret}${after.join('')}@h/?appName=x`;
        let shown = '';
        try {
          shown = resolveOptions(uri).warnings.join();
        } catch (error) {
          shown = (error as Error).message;
        }
        assert.ok(!shown.includes(secret), `${uri}: ${shown}`);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('parseConnectionString, for any parts', () => {
  it('parseConnectionString gives back the parts that were percent-encoded', () => {
    fc.assert(
      fc.property(
        text,
        fc.option(text, { nil: undefined }),
        fc.array(fc.tuple(host, fc.integer({ min: 1, max: 65535 })), { minLength: 1, maxLength: 4 }),
        fc.option(database, { nil: undefined }),
        fc.option(text, { nil: undefined }),
        (username, password, hosts, db, value) => {
          const userinfo = [username, password].filter(part => part !== undefined).map(encodeURIComponent);
          const list = hosts.map(([name, port]) => `${name}:${port}`);
          const path = db === undefined ? '' : `/${encodeURIComponent(db)}`;
          const query = value === undefined ? '' : `?key=${encodeURIComponent(value)}`;

          const parsed = parseConnectionString(`mongodb://${userinfo.join(':')}@${list.join()}${path}${query}`);

          assert.equal(parsed.username, username);
          assert.equal(parsed.password, password);
          assert.deepEqual(parsed.hosts.map(String), list);
          assert.equal(parsed.database, db);
          assert.deepEqual(parsed.options.get('key')?.values, value === undefined ? undefined : [value]);
        },
      ),
    );
  });
});
