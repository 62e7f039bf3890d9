import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { type Document, ObjectId } from '../../../src/bson/index.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent } from '../../../src/events/command.js';
import { command, stamp } from './support.js';

describe('CommandStartedEvent', () => {
  it('has the fields of the official driver and ours', () => {
    const serviceId = new ObjectId();
    const event = new CommandStartedEvent({ ...command, serviceId }, { find: 'orders' }, stamp);

    assert.deepEqual(Object.assign({}, event), { ...stamp, ...command, serviceId });
    assert.deepEqual(event.command, { find: 'orders' });
    assert.equal(event.hasServiceId, true);
  });

  it('has no serviceId outside load balancing', () => {
    const event = new CommandStartedEvent({ ...command, serviceId: undefined }, {}, stamp);

    assert.equal('serviceId' in event, false);
    assert.equal(event.hasServiceId, false);
  });

  it('shows nothing of a sensitive command', () => {
    const event = new CommandStartedEvent({ ...command, redacted: true }, { pwd: 'secret' }, stamp);

    assert.deepEqual(event.command, {});
    assert.equal(event.redacted, true);
    assert.doesNotMatch(inspect(event), /secret/);
    assert.doesNotMatch(JSON.stringify(event), /secret/);
  });

  it('becomes JSON although connection numbers of servers are bigints', () => {
    const event = new CommandStartedEvent(command, { ping: 1 }, stamp);

    const json = JSON.parse(JSON.stringify(event)) as Document;

    assert.equal(json['serverConnectionId'], 12);
    assert.deepEqual(json['command'], { ping: 1 });
  });
});

describe('CommandSucceededEvent', () => {
  it('decodes its reply when it is first read, and only then', () => {
    let decoded = 0;
    const reply = () => {
      decoded += 1;
      return { ok: 1 };
    };
    const event = new CommandSucceededEvent(command, 0.25, reply, stamp);

    assert.equal(decoded, 0);
    assert.equal(event.reply, event.reply);
    assert.deepEqual(event.reply, { ok: 1 });
    assert.equal(decoded, 1);
  });

  it('does not decode the reply to a sensitive command', () => {
    const reply = () => assert.fail('decoded');
    const event = new CommandSucceededEvent({ ...command, redacted: true }, 1, reply, stamp);

    assert.deepEqual(event.reply, {});
  });

  it('gives its duration under both names, with fractions', () => {
    const event = new CommandSucceededEvent(command, 0.25, {}, stamp);

    assert.equal(event.duration, 0.25);
    assert.equal(event.durationMS, 0.25);
  });

  it('shows its reply when it is printed', () => {
    const event = new CommandSucceededEvent(command, 1, { n: 42 }, stamp);

    assert.match(inspect(event), /CommandSucceededEvent.*n: 42/s);
  });
});

describe('CommandFailedEvent', () => {
  it('carries the failure itself', () => {
    const failure = new MongoNetworkError('connection 3 to a:27017 closed');

    const event = new CommandFailedEvent(command, 2, failure, stamp);

    assert.equal(event.failure, failure);
    assert.equal(event.duration, 2);
  });

  it('keeps of the failure of a sensitive command only code, codeName and labels', () => {
    const failure = new MongoServerError({
      errmsg: 'bad secret',
      code: 18,
      codeName: 'AuthenticationFailed',
      pwd: 'x',
    });

    const event = new CommandFailedEvent({ ...command, redacted: true }, 2, failure, stamp);

    const shown = event.failure;
    assert.ok(shown instanceof MongoServerError);
    assert.equal(shown.code, 18);
    assert.equal(shown.codeName, 'AuthenticationFailed');
    assert.equal('pwd' in shown, false);
    assert.doesNotMatch(shown.message, /secret/);
  });
});
