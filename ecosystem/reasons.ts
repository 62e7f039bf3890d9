import type { Reason } from './outcome.js';

/** Every check that fails with ours, or with both drivers, has its reason here and in docs/ecosystem.md. */
export const REASONS: readonly Reason[] = [
  {
    program: '@fastify/mongodb, its own tests',
    check: 'timeout',
    fails: 'mongotempo',
    reason:
      'the test compares a whole message. Ours begins with the official words and goes on with what to do (docs/errors.md)',
  },
  {
    program: 'connect-mongodb-session, its own tests',
    check: 'connectMongoDBSession › handles index errors (2)',
    fails: 'both',
    reason:
      'the store calls its callback twice when an index cannot be created, and the test takes that for one failure more',
  },
  ...['node16', 'nodenext', 'bundler'].map(
    (resolution): Reason => ({
      program: 'types',
      check: `${resolution}: the declarations of papr`,
      fails: 'both',
      reason: 'a type parameter of its own lacks a constraint that the types of the driver ask for',
    }),
  ),
];
