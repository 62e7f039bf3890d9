import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { calculateObjectSize, type Document, Int32 } from '../../../src/bson/index.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import {
  appendMetadata,
  clientMetadata,
  DRIVER_VERSION,
  isFunctionService,
} from '../../../src/pool/client_metadata.js';
import type { HostEnvironment } from '../../../src/runtime/host.js';
import type { DriverInfo } from '../../../src/uri/option_types.js';

const OS = { type: 'Linux', name: 'linux', architecture: 'x64', version: '6.1.0' };
const PLATFORM = 'Node.js v20.20.2, LE';

function host(env: Record<string, string> = {}, changes: Partial<HostEnvironment> = {}): HostEnvironment {
  return { env, os: OS, platform: PLATFORM, hasDockerEnv: false, ...changes };
}

function envOf(env: Record<string, string>, hasDockerEnv = false): unknown {
  return clientMetadata({ environment: host(env, { hasDockerEnv }) })['env'];
}

describe('clientMetadata', () => {
  it('says driver, operating system and platform, and nothing else when nothing else is known', () => {
    const metadata = clientMetadata({ environment: host() });

    assert.deepEqual(metadata, {
      driver: { name: 'mongotempo', version: DRIVER_VERSION },
      os: OS,
      platform: PLATFORM,
    });
  });

  it('carries the version of package.json', () => {
    const text = readFileSync(join(__dirname, '../../../../package.json'), 'utf8');

    assert.equal(DRIVER_VERSION, (JSON.parse(text) as { version: string }).version);
  });

  it('puts the application first', () => {
    const metadata = clientMetadata({ appName: 'shop', environment: host() });

    assert.deepEqual(Object.keys(metadata), ['application', 'driver', 'os', 'platform']);
    assert.deepEqual(metadata['application'], { name: 'shop' });
  });

  it('treats an empty appName as none', () => {
    assert.equal('application' in clientMetadata({ appName: '', environment: host() }), false);
  });

  it('takes an appName of exactly 128 bytes', () => {
    const appName = `${'é'.repeat(63)}ab`;

    assert.deepEqual(clientMetadata({ appName, environment: host() })['application'], { name: appName });
  });

  it('counts bytes of UTF-8, not characters, when it refuses an appName', () => {
    const appName = 'é'.repeat(65);

    assert.throws(
      () => clientMetadata({ appName, environment: host() }),
      (error: unknown) => error instanceof MongoInvalidArgumentError && /130 bytes.*at most 128/.test(error.message),
    );
  });

  it('joins what wrapping libraries say, field by field, in their order', () => {
    const driverInfo = [{ name: 'mongoose', version: '9.1' }, { name: 'nest', platform: 'Nest 11' }, { version: '3' }];

    const metadata = clientMetadata({ driverInfo, environment: host() });

    assert.deepEqual(metadata['driver'], { name: 'mongotempo|mongoose|nest', version: `${DRIVER_VERSION}|9.1|3` });
    assert.equal(metadata['platform'], `${PLATFORM}|Nest 11`);
  });

  it('refuses the delimiter in driverInfo given at construction', () => {
    assert.throws(
      () => clientMetadata({ driverInfo: [{ name: 'a|b' }], environment: host() }),
      MongoInvalidArgumentError,
    );
  });
});

describe('clientMetadata: function services', () => {
  const rows: readonly [title: string, env: Record<string, string>, expected: unknown][] = [
    ['AWS by execution environment', { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' }, { name: 'aws.lambda' }],
    ['AWS by runtime API', { AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001' }, { name: 'aws.lambda' }],
    [
      'AWS with region and memory',
      { AWS_LAMBDA_RUNTIME_API: 'x', AWS_REGION: 'us-east-2', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024' },
      { name: 'aws.lambda', region: 'us-east-2', memory_mb: new Int32(1024) },
    ],
    ['an AWS environment that is no Lambda', { AWS_EXECUTION_ENV: 'EC2', AWS_REGION: 'us-east-2' }, undefined],
    ['Azure', { FUNCTIONS_WORKER_RUNTIME: 'node' }, { name: 'azure.func' }],
    ['Google by service', { K_SERVICE: 'shop' }, { name: 'gcp.func' }],
    [
      'Google with everything',
      { FUNCTION_NAME: 'f', FUNCTION_MEMORY_MB: '512', FUNCTION_TIMEOUT_SEC: '60', FUNCTION_REGION: 'us-central1' },
      { name: 'gcp.func', memory_mb: new Int32(512), timeout_sec: new Int32(60), region: 'us-central1' },
    ],
    ['Vercel', { VERCEL: '1', VERCEL_REGION: 'cdg1' }, { name: 'vercel', region: 'cdg1' }],
    [
      'Vercel before the AWS on which it runs',
      { VERCEL: '1', AWS_LAMBDA_RUNTIME_API: 'x', AWS_REGION: 'eu-west-3' },
      { name: 'vercel' },
    ],
    ['AWS and Azure together: neither', { AWS_LAMBDA_RUNTIME_API: 'x', FUNCTIONS_WORKER_RUNTIME: 'node' }, undefined],
    ['Google and Azure together: neither', { K_SERVICE: 'x', FUNCTIONS_WORKER_RUNTIME: 'node' }, undefined],
    ['Vercel and Google together: neither', { VERCEL: '1', FUNCTION_NAME: 'f' }, undefined],
    [
      'empty variables',
      { AWS_LAMBDA_RUNTIME_API: '', FUNCTIONS_WORKER_RUNTIME: '', K_SERVICE: '', VERCEL: '' },
      undefined,
    ],
    [
      'a memory size that is no integer',
      { AWS_LAMBDA_RUNTIME_API: 'x', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: 'big' },
      { name: 'aws.lambda' },
    ],
    ['a memory size beyond 32 bits', { K_SERVICE: 'x', FUNCTION_MEMORY_MB: '2147483648' }, { name: 'gcp.func' }],
    ['a timeout with a fraction', { K_SERVICE: 'x', FUNCTION_TIMEOUT_SEC: '1.5' }, { name: 'gcp.func' }],
  ];
  for (const [title, env, expected] of rows) {
    it(title, () => assert.deepEqual(envOf(env), expected));
  }
});

describe('isFunctionService', () => {
  it('is true where one function service is found, and false for none or two', () => {
    assert.equal(isFunctionService({ K_SERVICE: 'x' }), true);
    assert.equal(isFunctionService({}), false);
    assert.equal(isFunctionService({ K_SERVICE: 'x', FUNCTIONS_WORKER_RUNTIME: 'node' }), false);
  });
});

describe('clientMetadata: containers', () => {
  it('names Docker by its file', () => {
    assert.deepEqual(envOf({}, true), { container: { runtime: 'docker' } });
  });

  it('names Kubernetes by its service variable', () => {
    assert.deepEqual(envOf({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }), { container: { orchestrator: 'kubernetes' } });
  });

  it('names both beside a function service', () => {
    assert.deepEqual(envOf({ KUBERNETES_SERVICE_HOST: '10.0.0.1', FUNCTIONS_WORKER_RUNTIME: 'node' }, true), {
      name: 'azure.func',
      container: { runtime: 'docker', orchestrator: 'kubernetes' },
    });
  });

  it('stays when two function services contradict each other', () => {
    assert.deepEqual(envOf({ K_SERVICE: 'x', FUNCTIONS_WORKER_RUNTIME: 'node' }, true), {
      container: { runtime: 'docker' },
    });
  });
});

describe('clientMetadata: 512 bytes', () => {
  const lambda = (region: string) => ({ AWS_LAMBDA_RUNTIME_API: 'x', AWS_REGION: region });

  function fits(metadata: Document): void {
    const size = calculateObjectSize(metadata);
    assert.ok(size <= 512, `${size} bytes`);
  }

  it('leaves a document of exactly 512 bytes as it is', () => {
    const bare = calculateObjectSize(clientMetadata({ environment: host(lambda('r')) }));
    const region = 'r'.repeat(1 + 512 - bare);

    const metadata = clientMetadata({ environment: host(lambda(region)) });

    assert.equal(calculateObjectSize(metadata), 512);
    assert.deepEqual(metadata['env'], { name: 'aws.lambda', region });
  });

  it('first leaves out all of env but its name', () => {
    const metadata = clientMetadata({ environment: host(lambda('r'.repeat(512)), { hasDockerEnv: true }) });

    fits(metadata);
    assert.deepEqual(metadata['env'], { name: 'aws.lambda' });
    assert.deepEqual(metadata['os'], OS);
  });

  it('leaves out an env without a name in the first step', () => {
    const bare = calculateObjectSize(clientMetadata({ environment: host() }));
    const platform = PLATFORM + 'p'.repeat(512 - bare);

    const metadata = clientMetadata({ environment: host({}, { platform, hasDockerEnv: true }) });

    assert.equal('env' in metadata, false);
    assert.deepEqual(metadata['os'], OS);
  });

  it('then leaves out all of os but its type', () => {
    const os = { ...OS, version: 'v'.repeat(512) };

    const metadata = clientMetadata({ environment: host(lambda('us-east-2'), { os }) });

    fits(metadata);
    assert.deepEqual(metadata['os'], { type: 'Linux' });
    assert.deepEqual(metadata['env'], { name: 'aws.lambda' });
    assert.equal(metadata['platform'], PLATFORM);
  });

  it('then leaves out env', () => {
    const environment = host(lambda('us-east-2'));
    const full = calculateObjectSize(clientMetadata({ environment: host({}, { os: { ...OS, name: '' } }) }));
    // So long that the type of the system alone fits, and nothing beside it.
    const platform = PLATFORM + 'p'.repeat(512 - full + 30);

    const metadata = clientMetadata({ environment: { ...environment, platform } });

    fits(metadata);
    assert.equal('env' in metadata, false);
    assert.deepEqual(metadata['os'], { type: 'Linux' });
    assert.equal(metadata['platform'], platform);
  });

  it('at last cuts the platform to the last byte that fits', () => {
    const driverInfo = [{ name: 'wrapper', platform: 'p'.repeat(600) }];

    const metadata = clientMetadata({ appName: 'shop', driverInfo, environment: host() });

    assert.equal(calculateObjectSize(metadata), 512);
    assert.ok((metadata['platform'] as string).startsWith(`${PLATFORM}|ppp`));
    assert.deepEqual(metadata['driver'], { name: 'mongotempo|wrapper', version: DRIVER_VERSION });
  });

  it('cuts the platform between two characters, not inside one', () => {
    for (const padding of ['', 'p', 'pp', 'ppp']) {
      const metadata = clientMetadata({ environment: host({}, { platform: padding + '😀'.repeat(200) }) });

      fits(metadata);
      assert.ok(calculateObjectSize(metadata) > 508);
      assert.match(metadata['platform'] as string, /^p*(?:😀)+$/u);
    }
  });

  it('refuses names of libraries that leave no room at all', () => {
    assert.throws(
      () => clientMetadata({ driverInfo: [{ name: 'n'.repeat(512) }], environment: host() }),
      (error: unknown) => error instanceof MongoInvalidArgumentError && /bytes too long/.test(error.message),
    );
  });
});

describe('appendMetadata', () => {
  it('adds at the end and leaves the given list alone', () => {
    const known: readonly DriverInfo[] = Object.freeze([{ name: 'a' }]);

    assert.deepEqual(appendMetadata(known, { name: 'b', version: '1' }), [{ name: 'a' }, { name: 'b', version: '1' }]);
  });

  it('keeps a copy, which the caller cannot change later', () => {
    const info = { name: 'a' };

    const list = appendMetadata([], info);
    info.name = 'b';

    assert.deepEqual(list, [{ name: 'a' }]);
  });

  it('does not add the same library twice, also with another between', () => {
    const known = appendMetadata(appendMetadata([], { name: 'a', version: '1' }), { name: 'b' });

    assert.equal(appendMetadata(known, { name: 'a', version: '1' }), known);
  });

  it('takes an empty string for none when it compares', () => {
    const known = [{ name: 'a', version: '', platform: 'p' }];

    assert.equal(appendMetadata(known, { name: 'a', platform: 'p' }), known);
  });

  it('adds a library that differs in one field', () => {
    const known = [{ name: 'a', version: '1', platform: 'p' }];

    assert.equal(appendMetadata(known, { name: 'a', version: '1', platform: 'q' }).length, 2);
    assert.equal(appendMetadata(known, { name: 'a', version: '2', platform: 'p' }).length, 2);
    assert.equal(appendMetadata(known, { name: 'b', version: '1', platform: 'p' }).length, 2);
  });

  for (const field of ['name', 'version', 'platform'] as const) {
    it(`refuses "|" in ${field}`, () => {
      assert.throws(
        () => appendMetadata([], { name: 'a', [field]: 'x|y' }),
        (error: unknown) => error instanceof MongoInvalidArgumentError && error.message.includes(`driverInfo.${field}`),
      );
    });
  }

  it('refuses a value that is no string', () => {
    assert.throws(
      () => appendMetadata([], { name: 7 } as unknown as DriverInfo),
      (error: unknown) =>
        error instanceof MongoInvalidArgumentError && /must be a string, not number/.test(error.message),
    );
  });
});
