import { parseArgs } from 'node:util';
import { CLIENTS, type ClientName, OPERATIONS, type OperationName } from './clients/client.js';
import type { Concurrency } from './protocol.js';

export interface Options {
  readonly rounds: number;
  /** Of each sample. */
  readonly seconds: number;
  readonly operations: readonly OperationName[];
  readonly clients: readonly ClientName[];
  readonly concurrencies: readonly Concurrency[];
  readonly json: string | undefined;
  readonly quick: boolean;
  readonly profile: boolean;
  readonly assert: boolean;
}

const HELP = `Measures MongoDB clients against a server that answers with canned bytes.

npm run bench -- [options]

  --rounds N         samples of each client and operation (6)
  --seconds S        of each sample (0.25)
  --only A,B         operations: ${OPERATIONS.join(', ')}
  --clients A,B      ${CLIENTS.join(', ')}
  --concurrency A,B  operations in flight and connections (1/1,64/10)
  --quick            about 20 seconds in all, for a look
  --json FILE        where to write the figures (bench/results/<time>.json)
  --profile          instead of measuring, tell in which functions the time is spent
  --assert           fail if findOne or insertOne takes more than half of the official driver's CPU at 64 in flight
  --help
`;

/** The options as given on the command line, or null if all that was asked for is what they are. */
export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string' },
      clients: { type: 'string' },
      concurrency: { type: 'string', default: '1/1,64/10' },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      assert: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return null;
  }
  const { quick, profile, assert } = values;
  return {
    rounds: positive('rounds', values.rounds ?? (quick ? '3' : '6')),
    seconds: positive('seconds', values.seconds ?? (quick ? '0.05' : profile ? '2' : '0.25')),
    operations: choose('only', values.only, OPERATIONS),
    clients: choose('clients', values.clients ?? (profile ? 'ours' : undefined), CLIENTS),
    concurrencies: values.concurrency.split(',').map(readConcurrency),
    json: values.json,
    quick,
    profile,
    assert,
  };
}

function readConcurrency(text: string): Concurrency {
  const [inFlight = '', connections = inFlight] = text.split('/');
  return { inFlight: positive('concurrency', inFlight), connections: positive('concurrency', connections) };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`--${name} must be a positive number, given was ${JSON.stringify(text)}`);
}

function choose<T extends string>(name: string, text: string | undefined, known: readonly T[]): readonly T[] {
  if (text === undefined) return known;
  const wanted = text.split(',');
  const unknown = wanted.find(one => !(known as readonly string[]).includes(one));
  if (unknown !== undefined) throw new Error(`--${name} knows no ${unknown}; known are ${known.join(', ')}`);
  return known.filter(one => wanted.includes(one));
}
