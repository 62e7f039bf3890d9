import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { usesStreaming } from '../../../src/sdam/monitoring_mode.js';

describe('serverMonitoringMode', () => {
  const lambda = { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' };

  it('streams when it is told to, wherever that is', () => {
    assert.equal(usesStreaming('stream', lambda), true);
    assert.equal(usesStreaming('stream', {}), true);
  });

  it('polls when it is told to', () => {
    assert.equal(usesStreaming('poll', {}), false);
  });

  it('polls by itself where functions are run as a service', () => {
    const services = [
      lambda,
      { AWS_LAMBDA_RUNTIME_API: 'x' },
      { FUNCTIONS_WORKER_RUNTIME: 'node' },
      { K_SERVICE: 'orders' },
      { VERCEL: '1' },
    ];
    for (const env of services) assert.equal(usesStreaming('auto', env), false, JSON.stringify(env));
    assert.equal(usesStreaming('auto', {}), true);
    assert.equal(usesStreaming('auto', { AWS_EXECUTION_ENV: 'AWS_ECS_EC2' }), true);
  });
});
