import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { logSettings, logsAnything } from '../../../src/sinks/log_settings.js';

const OFF = { command: 'off', topology: 'off', serverSelection: 'off', connection: 'off', client: 'off' };

describe('the settings of a log', () => {
  it('are off, stderr and 1000 by default', () => {
    const settings = logSettings({}, {});

    assert.deepEqual(settings, { severities: OFF, destination: 'stderr', maxDocumentLength: 1000, warnings: [] });
    assert.equal(logsAnything(settings), false);
  });

  for (const [variable, component] of [
    ['MONGODB_LOG_COMMAND', 'command'],
    ['MONGODB_LOG_TOPOLOGY', 'topology'],
    ['MONGODB_LOG_SERVER_SELECTION', 'serverSelection'],
    ['MONGODB_LOG_CONNECTION', 'connection'],
    ['MONGODB_LOG_CLIENT', 'client'],
  ]) {
    it(`take the severity of ${component} from ${variable}, in any case of letters`, () => {
      const settings = logSettings({}, { [variable!]: 'Debug' });

      assert.deepEqual(settings.severities, { ...OFF, [component!]: 'debug' });
      assert.equal(logsAnything(settings), true);
    });
  }

  it('prefer a component, from wherever it comes, to the severity for all', () => {
    const env = { MONGODB_LOG_ALL: 'error', MONGODB_LOG_TOPOLOGY: 'off', MONGODB_LOG_COMMAND: 'debug' };

    assert.deepEqual(logSettings({}, env).severities, {
      ...{ command: 'debug', topology: 'off', serverSelection: 'error', connection: 'error', client: 'error' },
    });
    assert.deepEqual(logSettings({ componentSeverities: { default: 'info', command: 'warn' } }, env).severities, {
      ...{ command: 'warn', topology: 'off', serverSelection: 'info', connection: 'info', client: 'info' },
    });
  });

  it('prefer options to the environment', () => {
    const env = { MONGODB_LOG_PATH: 'stdout', MONGODB_LOG_MAX_DOCUMENT_LENGTH: '7', MONGODB_LOG_COMMAND: 'debug' };
    const write = { write: () => undefined };
    const given = { componentSeverities: { command: 'off' as const }, path: write, maxDocumentLength: 0 };

    const { severities, destination, maxDocumentLength } = logSettings(given, env);

    assert.equal(severities.command, 'off');
    assert.equal(destination, write);
    assert.equal(maxDocumentLength, 0);
    assert.equal(logSettings({}, env).maxDocumentLength, 7);
  });

  it('take a path as a stream of the process or as a file', () => {
    const destinationOf = (MONGODB_LOG_PATH: string) => logSettings({}, { MONGODB_LOG_PATH }).destination;

    assert.equal(destinationOf('STDOUT'), 'stdout');
    assert.equal(destinationOf('stderr'), 'stderr');
    assert.equal(destinationOf(''), 'stderr');
    assert.deepEqual(destinationOf('/var/log/db.log'), { file: '/var/log/db.log' });
  });

  it('ignore what is wrong in the environment, name it, and do not repeat it', () => {
    const env = { MONGODB_LOG_COMMAND: 'loud', MONGODB_LOG_ALL: 'noise', MONGODB_LOG_MAX_DOCUMENT_LENGTH: '-1' };

    const { severities, maxDocumentLength, warnings } = logSettings({}, env);

    assert.deepEqual(severities, OFF);
    assert.equal(maxDocumentLength, 1000);
    assert.deepEqual(
      warnings.map(warning => warning.split(' ')[0]),
      ['MONGODB_LOG_ALL', 'MONGODB_LOG_COMMAND', 'MONGODB_LOG_MAX_DOCUMENT_LENGTH'],
    );
    assert.ok(warnings.every(warning => !/loud|noise|-1/.test(warning)));
  });
});
