import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Document, Timestamp } from '../../../src/bson/index.js';
import { ReadConcern } from '../../../src/concern/read_concern.js';
import { addSessionFields, type SessionCommand } from '../../../src/sessions/session_fields.js';
import { type SessionSettings, type SessionState } from '../../../src/sessions/session_state.js';
import { newSession, TRANSACTION_SETTINGS } from './support.js';

const TIME = new Timestamp({ t: 5, i: 1 });

interface Given extends Partial<SessionCommand> {
  readonly body?: Document;
}

/** What a command of this session is completed with. */
function fieldsOf(session: SessionState, { body = {}, ...command }: Given = {}): Document {
  const sent = { ...body };
  addSessionFields(sent, session, { name: 'find', role: 'ordinary', hasClusterTime: true, ...command });
  return sent;
}

function causal(settings: Partial<SessionSettings> = {}): SessionState {
  const session = newSession({ causal: true, ...settings });
  session.operationTime = TIME;
  return session;
}

describe('session fields outside of a transaction', () => {
  it('a session that is not causal adds nothing', () => {
    const session = newSession();
    session.operationTime = TIME;

    assert.deepEqual(fieldsOf(session), {});
  });

  for (const name of [
    ...['aggregate', 'bulkWrite', 'count', 'create', 'createIndexes', 'delete', 'distinct', 'drop', 'dropDatabase'],
    ...['dropIndexes', 'find', 'findAndModify', 'insert', 'update'],
  ]) {
    it(`${name} in a causal session comes after the time of the last operation`, () => {
      assert.deepEqual(fieldsOf(causal(), { name }), { readConcern: { afterClusterTime: TIME } });
    });
  }

  for (const name of ['ping', 'getMore', 'killCursors', 'listCollections', 'hello']) {
    it(`${name} in a causal session has no read concern`, () => {
      assert.deepEqual(fieldsOf(causal(), { name }), {});
    });
  }

  it('the read concern of a command stays beside the time', () => {
    assert.deepEqual(fieldsOf(causal(), { body: { readConcern: { level: 'majority' } } }), {
      readConcern: { level: 'majority', afterClusterTime: TIME },
    });
  });

  it('a read concern that the body inherits is not taken over', () => {
    const body = Object.create({ readConcern: { level: 'majority' } }) as Document;

    addSessionFields(body, causal(), { name: 'find', role: 'ordinary', hasClusterTime: true });

    assert.deepEqual(body['readConcern'], { afterClusterTime: TIME });
  });

  it('a causal session adds nothing before its first reply', () => {
    assert.deepEqual(fieldsOf(newSession({ causal: true })), {});
  });

  it('a causal session adds nothing while the deployment has told no cluster time', () => {
    assert.deepEqual(fieldsOf(causal(), { hasClusterTime: false }), {});
  });

  it('a command of the user is left as it is', () => {
    assert.deepEqual(fieldsOf(causal(), { role: 'asGiven' }), {});
  });
});

describe('session fields of a snapshot session', () => {
  it('the first read asks for a snapshot, and later reads for the same moment', () => {
    const session = newSession({ snapshot: true });

    assert.deepEqual(fieldsOf(session), { readConcern: { level: 'snapshot' } });
    session.snapshotTime = TIME;
    assert.deepEqual(fieldsOf(session), { readConcern: { level: 'snapshot', atClusterTime: TIME } });
  });

  it('a snapshot replaces the read concern of the command', () => {
    assert.deepEqual(fieldsOf(newSession({ snapshot: true }), { body: { readConcern: { level: 'local' } } }), {
      readConcern: { level: 'snapshot' },
    });
  });

  for (const name of ['getMore', 'killCursors']) {
    it(`${name} has no read concern`, () => {
      assert.deepEqual(fieldsOf(newSession({ snapshot: true }), { name }), {});
    });
  }
});

describe('session fields in a transaction', () => {
  it('the first command starts the transaction with its read concern, and later commands are part of it', () => {
    const session = newSession();
    session.transaction.start({ ...TRANSACTION_SETTINGS, readConcern: new ReadConcern('snapshot') });

    assert.deepEqual(fieldsOf(session), {
      autocommit: false,
      startTransaction: true,
      readConcern: { level: 'snapshot' },
    });
    session.transaction.sent();
    assert.deepEqual(fieldsOf(session), { autocommit: false });
  });

  it('the first command of a causal session comes after the time of the last operation, whatever it is', () => {
    const session = causal();
    session.transaction.start({ ...TRANSACTION_SETTINGS, readConcern: new ReadConcern('snapshot') });

    assert.deepEqual(fieldsOf(session, { name: 'anything', role: 'asGiven' }), {
      autocommit: false,
      startTransaction: true,
      readConcern: { level: 'snapshot', afterClusterTime: TIME },
    });
  });

  it('without a read concern and a time, the first command has none', () => {
    const session = newSession();
    session.transaction.start(TRANSACTION_SETTINGS);

    assert.deepEqual(fieldsOf(session), { autocommit: false, startTransaction: true });
  });

  it('the read concern of the command overrides that of the transaction', () => {
    const session = causal();
    session.transaction.start({ ...TRANSACTION_SETTINGS, readConcern: new ReadConcern('snapshot') });

    assert.deepEqual(fieldsOf(session, { body: { readConcern: { level: 'local' } } })['readConcern'], {
      level: 'local',
      afterClusterTime: TIME,
    });
  });

  for (const name of ['commitTransaction', 'abortTransaction']) {
    it(`${name} is part of the transaction that it ends`, () => {
      const session = newSession();
      session.transaction.start(TRANSACTION_SETTINGS);
      session.transaction.sent();
      session.transaction.commit();

      assert.deepEqual(fieldsOf(session, { name, role: 'endsTransaction' }), { autocommit: false });
    });
  }

  it('a command after the transaction is not part of it', () => {
    const session = newSession();
    session.transaction.start(TRANSACTION_SETTINGS);
    session.transaction.sent();
    session.transaction.commit();

    assert.deepEqual(fieldsOf(session), {});
  });
});
