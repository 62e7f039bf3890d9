import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConnectionString } from '../../../src/uri/connection_string.js';

describe('parseConnectionString', () => {
  it('every part of a connection string is found', () => {
    const parsed = parseConnectionString(
      'mongodb://al%69ce:p%40ss@a:1,[::1]:2,%2Ftmp%2Fx.sock/my%3Ddb?a=1&B=x%20y%23z',
    );

    assert.equal(parsed.srv, false);
    assert.equal(parsed.username, 'alice');
    assert.equal(parsed.password, 'p@ss');
    assert.deepEqual(parsed.hosts.map(String), ['a:1', '[::1]:2', '/tmp/x.sock']);
    assert.equal(parsed.database, 'my=db');
    assert.deepEqual(
      [...parsed.options],
      [
        ['a', { key: 'a', values: ['1'] }],
        ['b', { key: 'B', values: ['x y#z'] }],
      ],
    );
    assert.deepEqual(parsed.warnings, []);
  });

  for (const uri of ['mongodb://h', 'mongodb://h/', 'mongodb://h?', 'mongodb://h/?', 'mongodb://h/?&&']) {
    it(`${uri} has a host and nothing else`, () => {
      const parsed = parseConnectionString(uri);

      assert.deepEqual(parsed.hosts.map(String), ['h:27017']);
      assert.equal(parsed.username, undefined);
      assert.equal(parsed.password, undefined);
      assert.equal(parsed.database, undefined);
      assert.equal(parsed.options.size, 0);
    });
  }

  it('a repeated option keeps all of its values in order, in any letter case', () => {
    const { options } = parseConnectionString('mongodb://h/?readPreferenceTags=a:b&READPREFERENCETAGS=&x=1');

    assert.deepEqual(options.get('readpreferencetags'), { key: 'readPreferenceTags', values: ['a:b', ''] });
  });

  it('a value is everything after the first "=", and a "+" stands for itself', () => {
    const { options } = parseConnectionString('mongodb://h/?a=b=c+d?e/f@g:h,i');

    assert.deepEqual(options.get('a')?.values, ['b=c+d?e/f@g:h,i']);
  });

  it('a percent sign that starts no escape stands for itself in a value, with a warning', () => {
    const parsed = parseConnectionString('mongodb://h/?appName=100%');

    assert.deepEqual(parsed.options.get('appname')?.values, ['100%']);
    assert.match(parsed.warnings.join(), /the option appName .* percent sign/);
  });

  it('an empty password is not the same as none', () => {
    assert.equal(parseConnectionString('mongodb://u:@h').password, '');
    assert.equal(parseConnectionString('mongodb://u@h').password, undefined);
  });

  it('an "@" in the options does not end the userinfo', () => {
    const parsed = parseConnectionString('mongodb://h/?replicaSet=my@set');

    assert.equal(parsed.username, undefined);
    assert.deepEqual(parsed.options.get('replicaset')?.values, ['my@set']);
  });

  for (const [uri, message] of [
    ['', /Invalid scheme/],
    ['http://h', /Invalid scheme/],
    ['MONGODB://h', /Invalid scheme/],
    ['mongodb:/h', /Invalid scheme/],
    ['mongodb://', /names no host/],
    ['mongodb:///db', /names no host/],
    ['mongodb://u:p@', /names no host/],
    ['mongodb://u:p@/db', /names no host/],
    ['mongodb://a,', /is empty/],
    ['mongodb://a,,b', /is empty/],
    ['mongodb://::', /no name/],
    ['mongodb://a::1,b', /number from 1 to 65535/],
    ['mongodb://@h', /no user name/],
    ['mongodb://:@h', /no user name/],
    ['mongodb://:pa55@h', /no user name/],
    ['mongodb://u:pa55:x@h', /must be percent-encoded/],
    ['mongodb://u@pa55@h', /must be percent-encoded/],
    ['mongodb://u:pa%55@x@h', /must be percent-encoded/],
    ['mongodb://u%:pa55@h', /user name .* percent sign/],
    ['mongodb://u:pa55%g@h', /password .* percent sign/],
    ['mongodb://u:pa55/x@h', /number from 1 to 65535/],
    ['mongodb://u/pa55@h/db', /must be written as %2F/],
    ['mongodb://u:pa55?x@h', /number from 1 to 65535/],
    ['mongodb://u:55?pa55@h', /lacks a "="/],
    ['mongodb://h/a/b', /that no database name may have/],
    ['mongodb://h/a%2Fb', /that no database name may have/],
    ['mongodb://h/a%5Cb', /that no database name may have/],
    ['mongodb://h/a%20b', /that no database name may have/],
    ['mongodb://h/a%22b', /that no database name may have/],
    ['mongodb://h/a$b', /that no database name may have/],
    ['mongodb://h/%E0%A4%A', /database .* percent sign/],
    ['mongodb://h/db?w', /lacks a "="/],
    ['mongodb://h/?w&j=true', /lacks a "="/],
    ['mongodb://h/?=1', /a value and no name/],
    ['mongodb+srv://h.example.com:27017', /cannot contain a port/],
    ['mongodb+srv://a.example.com,b.example.com', /exactly one host/],
    ['mongodb+srv://%2Ftmp%2Fx.sock', /not a Unix socket/],
  ] as const) {
    it(`${JSON.stringify(uri)} is refused without showing a possible password`, () => {
      assert.throws(
        () => parseConnectionString(uri),
        (error: Error) => {
          assert.equal(error.name, 'MongoParseError');
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /pa55/);
          return true;
        },
      );
    });
  }
});
