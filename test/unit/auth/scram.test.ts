import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  deriveKeys,
  firstBare,
  firstMessage,
  parseChallenge,
  prove,
  type ScramMechanism,
  verifyServer,
} from '../../../src/auth/scram.js';
import { MongoInvalidArgumentError, MongoRuntimeError } from '../../../src/errors/driver.js';

interface Exchange {
  readonly mechanism: ScramMechanism;
  readonly nonce: string;
  readonly serverFirst: string;
  readonly clientFinal: string;
  readonly serverFinal: string;
}

// Authentication, "SCRAM-SHA-1" and "SCRAM-SHA-256": the conversations that the specification gives as examples.
const EXAMPLES: readonly Exchange[] = [
  {
    mechanism: 'SCRAM-SHA-1',
    nonce: 'fyko+d2lbbFgONRv9qkxdawL',
    serverFirst: 'r=fyko+d2lbbFgONRv9qkxdawLHo+Vgk7qvUOKUwuWLIWg4l/9SraGMHEE,s=rQ9ZY3MntBeuP3E1TDVC4w==,i=10000',
    clientFinal: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawLHo+Vgk7qvUOKUwuWLIWg4l/9SraGMHEE,p=MC2T8BvbmWRckDw8oWl5IVghwCY=',
    serverFinal: 'v=UMWeI25JD1yNYZRMpZ4VHvhZ9e0=',
  },
  {
    mechanism: 'SCRAM-SHA-256',
    nonce: 'rOprNGfwEbeRWgbNEkqO',
    serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    clientFinal:
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
];

for (const { mechanism, nonce, serverFirst, clientFinal, serverFinal } of EXAMPLES) {
  describe(mechanism, () => {
    const bare = firstBare('user', nonce);

    it('answers the challenge of the specification as it does', async () => {
      const challenge = parseChallenge(Buffer.from(serverFirst), nonce);
      const keys = await deriveKeys(mechanism, { username: 'user', password: 'pencil' }, challenge);
      const { message, serverSignature } = prove(mechanism, keys, bare, challenge);

      assert.equal(firstMessage(bare).toString(), `n,,n=user,r=${nonce}`);
      assert.equal(message.toString(), clientFinal);
      verifyServer(Buffer.from(serverFinal), serverSignature);
    });

    it('does not take a server for right that does not know the password', async () => {
      const challenge = parseChallenge(Buffer.from(serverFirst), nonce);
      const keys = await deriveKeys(mechanism, { username: 'user', password: 'other' }, challenge);
      const { serverSignature } = prove(mechanism, keys, bare, challenge);

      for (const wrong of [serverFinal, 'v=', 'x=1', '']) {
        assert.throws(() => verifyServer(Buffer.from(wrong), serverSignature), /invalid signature/);
      }
    });
  });
}

describe('the challenge of a server', () => {
  it('must go on from our nonce', () => {
    for (const text of ['r=other,s=AA==,i=4096', 's=AA==,i=4096', '']) {
      assert.throws(() => parseChallenge(Buffer.from(text), 'ours'), {
        name: 'MongoRuntimeError',
        message: /invalid nonce/,
      });
    }
  });

  it('must add to our nonce', () => {
    for (const nonce of ['ours', 'our', 'Ours2']) {
      assert.throws(() => parseChallenge(Buffer.from(`r=${nonce},s=AA==,i=4096`), 'ours'), /invalid nonce/);
    }
  });

  it('must have a salt that is base64 and not empty', () => {
    for (const salt of ['', '=', 'A', '====', 'AA=A', '!!!!']) {
      const payload = Buffer.from(`r=ours2,s=${salt},i=4096`);
      assert.throws(
        () => parseChallenge(payload, 'ours'),
        { name: 'MongoRuntimeError', message: /invalid salt/ },
        salt,
      );
    }
  });

  it('must have its fields in the order of the specification, and no mandatory extension before them', () => {
    for (const text of [
      'm=x,r=ours2,s=AA==,i=4096',
      's=AA==,r=ours2,i=4096',
      'r=ours2,i=4096,s=AA==',
      'r=ours2,s=AA==',
    ]) {
      assert.throws(() => parseChallenge(Buffer.from(text), 'ours'), MongoRuntimeError, text);
    }
  });

  it('must be short', () => {
    const payload = Buffer.from(`r=ours${'2'.repeat(20_000)},s=AA==,i=4096`);
    assert.throws(() => parseChallenge(payload, 'ours'), /20020 bytes, at most 16384/);
  });

  it('cannot ask for more iterations than are computed in a moment, and the error names the limit', () => {
    for (const iterations of ['2000001', '2147483647', '9'.repeat(16), '9'.repeat(400)]) {
      const payload = Buffer.from(`r=ours2,s=AA==,i=${iterations}`);
      assert.throws(() => parseChallenge(payload, 'ours'), {
        name: 'MongoRuntimeError',
        message: /iteration count .* from 4096 to 2000000/,
      });
    }
    assert.equal(parseChallenge(Buffer.from('r=ours2,s=AA==,i=2000000'), 'ours').iterations, 2_000_000);
  });

  it('may be a refusal: wrong credentials are not taken for an invalid nonce or signature', () => {
    for (const [text, reason] of [
      ['e=invalid-proof', 'invalid-proof'],
      ['e=unknown-user,x=1', 'unknown-user'],
      ['e=hunter2', 'other-error'],
    ] as const) {
      for (const read of [
        () => parseChallenge(Buffer.from(text), 'ours'),
        () => verifyServer(Buffer.from(text), Buffer.alloc(20)),
      ]) {
        assert.throws(read, {
          name: 'MongoServerError',
          code: 18,
          codeName: 'AuthenticationFailed',
          message: `Authentication failed: the server does not accept the credentials (SCRAM error ${reason})`,
        });
      }
    }
  });

  it('must ask for enough iterations, by a number in digits', () => {
    for (const iterations of [
      '4095',
      '0',
      '-1',
      'x',
      '',
      '4096.5',
      '4096.0',
      '0x1000',
      '+4096',
      ' 4096',
      '4e3',
      '04096',
      '１０００００',
    ]) {
      const payload = Buffer.from(`r=ours2,s=AA==,i=${iterations}`);
      assert.throws(
        () => parseChallenge(payload, 'ours'),
        (error: unknown) => error instanceof MongoRuntimeError && /iteration count/.test(error.message),
      );
    }
    assert.equal(parseChallenge(Buffer.from('r=ours2,s=AA==,i=4096'), 'ours').iterations, 4096);
  });
});

describe('what is proved', () => {
  const challenge = { salt: Buffer.from('salt'), iterations: 4096 };
  const keyOf = async (mechanism: ScramMechanism, username: string, password: string) =>
    (await deriveKeys(mechanism, { username, password }, challenge)).client.toString('hex');

  it('escapes the two characters of a name that mean something', () => {
    assert.equal(firstBare('a=b,c', 'n'), 'n=a=3Db=2Cc,r=n');
  });

  it('is the password as SASLprep has it, with SHA-256', async () => {
    const roman = await keyOf('SCRAM-SHA-256', 'u', 'IX');
    assert.equal(await keyOf('SCRAM-SHA-256', 'u', 'I\u00ADX'), roman);
    assert.equal(await keyOf('SCRAM-SHA-256', 'u', '\u2168'), roman);
    assert.notEqual(await keyOf('SCRAM-SHA-256', 'u', 'ix'), roman);
    await assert.rejects(keyOf('SCRAM-SHA-256', 'u', '\u0007'));
  });

  it('cannot be a password that SASLprep refuses: that is an error of the driver, and does not repeat it', async () => {
    for (const password of ['secret\u0007', 'secret\ue000', 'secret\u0627x', 'secret\u0221']) {
      await assert.rejects(
        deriveKeys('SCRAM-SHA-256', { username: 'u', password }, { salt: Buffer.from('salt'), iterations: 4096 }),
        error => error instanceof MongoInvalidArgumentError && !error.message.includes('secret'),
        JSON.stringify(password),
      );
    }
  });

  it('is the password as it is together with the name, with SHA-1', async () => {
    assert.notEqual(await keyOf('SCRAM-SHA-1', 'u', '\u2168'), await keyOf('SCRAM-SHA-1', 'u', 'IX'));
    assert.notEqual(await keyOf('SCRAM-SHA-1', 'u', 'IX'), await keyOf('SCRAM-SHA-1', 'v', 'IX'));
  });
});
