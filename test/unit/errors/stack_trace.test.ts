import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { addCaller } from '../../../src/errors/stack_trace.js';

describe('addCaller', () => {
  /** Fails as a driver does: with an error that was made where no function of the program was on the stack. */
  async function method(error: Error): Promise<never> {
    try {
      await setImmediate();
      throw error;
    } catch (thrown) {
      addCaller(thrown, method);
      throw thrown;
    }
  }

  async function theProgram(error: Error): Promise<void> {
    await method(error);
  }

  it('puts the lines that led to the call behind those that the error has', async () => {
    const error = new Error('made elsewhere');
    error.stack = 'Error: made elsewhere\n    at Timeout.listener (timers:1:1)';

    await assert.rejects(theProgram(error));

    const [first, second, third] = error.stack.split('\n');
    assert.deepEqual([first, second], ['Error: made elsewhere', '    at Timeout.listener (timers:1:1)']);
    assert.match(third ?? '', /^ {4}at async theProgram /);
  });

  it('adds no line twice', async () => {
    const error = new Error('again');

    await assert.rejects(theProgram(error));
    const once = error.stack;
    await assert.rejects(theProgram(error));

    assert.equal(error.stack?.split('theProgram').length, once?.split('theProgram').length);
  });

  it('leaves alone what is no error or cannot be changed', () => {
    addCaller('text', method);
    const frozen = Object.freeze(new Error('frozen'));
    addCaller(frozen, method);
    assert.equal(frozen.message, 'frozen');
  });
});
