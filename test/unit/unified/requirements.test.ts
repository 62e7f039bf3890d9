import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Deployment, decideRun, type RunOnRequirement } from '../../spec/unified/requirements.js';

const DEPLOYMENT: Deployment = {
  version: '8.0.4',
  topology: 'replicaset',
  serverParameters: { enableTestCommands: true, limit: 5 },
  auth: false,
  authMechanisms: ['SCRAM-SHA-256'],
  serverless: false,
};

const runs = (requirement: RunOnRequirement, deployment: Partial<Deployment> = {}) =>
  assert.deepEqual(decideRun([requirement], { ...DEPLOYMENT, ...deployment }), { run: true });
const skips = (requirement: RunOnRequirement, reason: string, deployment: Partial<Deployment> = {}) =>
  assert.deepEqual(decideRun([requirement], { ...DEPLOYMENT, ...deployment }), { run: false, reason });

describe('decideRun', () => {
  it('runs everywhere what requires nothing', () => {
    assert.deepEqual(decideRun(undefined, DEPLOYMENT), { run: true });
    assert.deepEqual(decideRun([], DEPLOYMENT), { run: true });
    runs({});
  });

  it('needs one requirement of several, and gives the reasons of all when there is none', () => {
    const sharded: RunOnRequirement = { topologies: ['sharded'] };

    assert.deepEqual(decideRun([sharded, { minServerVersion: '4.4' }], DEPLOYMENT), { run: true });
    assert.deepEqual(decideRun([sharded, { minServerVersion: '9.0' }, sharded], DEPLOYMENT), {
      run: false,
      reason: 'needs topology sharded, this is replicaset; or needs a server of at least 9.0, this is 8.0.4',
    });
  });

  it('needs every condition of a requirement', () => {
    skips({ minServerVersion: '4.4', auth: true }, 'needs a server with authentication');
  });

  it('compares versions by the numbers of their components', () => {
    runs({ minServerVersion: '8.0' });
    runs({ minServerVersion: '8.0.4', maxServerVersion: '8.0.4' });
    runs({ minServerVersion: '4.4' }, { version: '10.0.0' });
    runs({ minServerVersion: '4.3.4' }, { version: '4.10.0' });
    runs({ maxServerVersion: '8.99' });
    runs({ minServerVersion: '8.0.0' }, { version: '8.0.0-rc1' });
    runs({ minServerVersion: '8.0.0' }, { version: '8.0' });
    skips({ minServerVersion: '8.0.10' }, 'needs a server of at least 8.0.10, this is 8.0.4');
    skips({ maxServerVersion: '8.0.3' }, 'needs a server of at most 8.0.3, this is 8.0.4');
    skips({ maxServerVersion: '8.0' }, 'needs a server of at most 8.0, this is 8.0.4');
    assert.throws(() => decideRun([{ minServerVersion: 'new' }], DEPLOYMENT), /"new" is not a version/);
  });

  it('compares topologies, where every sharded cluster is one of replica sets', () => {
    runs({ topologies: ['single', 'replicaset'] });
    runs({ topologies: ['sharded-replicaset'] }, { topology: 'sharded' });
    runs({ topologies: ['sharded'] }, { topology: 'sharded-replicaset' });
    skips({ topologies: ['sharded'] }, 'needs topology sharded, this is load-balanced', { topology: 'load-balanced' });
    skips({ topologies: ['single', 'sharded'] }, 'needs topology single or sharded, this is replicaset');
  });

  it('compares server parameters by value, and lets numbers be of any type', () => {
    runs({ serverParameters: { enableTestCommands: true, limit: 5n } });
    skips({ serverParameters: { limit: 6 } }, 'needs the server parameter limit=6, this server has 5');
    skips({ serverParameters: { a: false } }, 'needs the server parameter a, which this server does not have');
    skips(
      { serverParameters: { toString: 1 } },
      'needs the server parameter toString, which this server does not have',
    );
  });

  it('asks for authentication or for none', () => {
    runs({ auth: false });
    runs({ auth: true }, { auth: true });
    skips({ auth: true }, 'needs a server with authentication');
    skips({ auth: false }, 'needs a server without authentication', { auth: true });
  });

  it('asks for an authentication mechanism', () => {
    runs({ authMechanism: 'SCRAM-SHA-256' });
    skips({ authMechanism: 'MONGODB-OIDC' }, 'needs the authentication mechanism MONGODB-OIDC');
  });

  it('asks for client-side encryption, for none, or for a version of libmongocrypt', () => {
    const wanted: RunOnRequirement = { csfle: { minLibmongocryptVersion: '1.15.1' } };

    runs({ csfle: true }, { libmongocryptVersion: '1.0.0' });
    runs({ csfle: false });
    runs(wanted, { libmongocryptVersion: '1.16.0' });
    skips({ csfle: true }, 'needs client-side encryption');
    skips(wanted, 'needs client-side encryption');
    skips({ csfle: false }, 'needs a driver without client-side encryption', { libmongocryptVersion: '1.0.0' });
    skips(wanted, 'needs libmongocrypt of at least 1.15.1, this is 1.9.2', { libmongocryptVersion: '1.9.2' });
  });

  it('asks for a serverless deployment or for another', () => {
    runs({ serverless: 'forbid' });
    runs({ serverless: 'allow' });
    runs({ serverless: 'allow' }, { serverless: true });
    runs({ serverless: 'require' }, { serverless: true });
    skips({ serverless: 'require' }, 'needs a serverless deployment');
    skips({ serverless: 'forbid' }, 'cannot run on a serverless deployment', { serverless: true });
  });
});
