import assert from 'node:assert/strict';
import { MongoCredentials, type MongoCredentialsOptions } from '../../../src/auth/credentials.js';
import { authenticatorFor } from '../../../src/auth/mechanisms.js';
import { type Binary, type Document } from '../../../src/bson/index.js';
import { Deadline } from '../../../src/call/deadline.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { systemRandom } from '../../../src/runtime/random.js';

export const UNLIMITED = Deadline.background(systemClock);

/** Answers with these replies in order, and records what was sent. */
export function script(...replies: Document[]) {
  const sent: Document[] = [];
  const run = (command: Document): Promise<Document> => {
    sent.push(command);
    const reply = replies.shift();
    return reply === undefined ? Promise.reject(new Error('Authentication failed.')) : Promise.resolve(reply);
  };
  return { sent, run };
}

export async function begin(options: MongoCredentialsOptions) {
  const authenticator = authenticatorFor(new MongoCredentials(options), systemRandom);
  assert.ok(authenticator);
  return await authenticator.begin('db1:27017', UNLIMITED);
}

export const payloadText = (command: Document): string =>
  Buffer.from((command['payload'] as Binary).value()).toString();
