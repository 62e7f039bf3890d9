import { parseArgs } from 'node:util';
import { DRIVERS, type Driver } from './clients.js';
import { PHASES, type Phase } from './phases.js';

export interface Options {
  readonly phases: readonly Phase[];
  readonly drivers: readonly Driver[];
  readonly rounds: number;
  readonly json: string | undefined;
  readonly assert: boolean;
}

const HELP = `Measures by how much operations outlast their timeoutMS.

npm run bench:csot -- [options]

  --only A,B      phases: ${PHASES.map(({ name }) => name).join(', ')}
  --drivers A,B   ${DRIVERS.join(', ')}
  --rounds N      samples of each phase and driver, 256 operations each (3)
  --json FILE     where to write the figures
  --assert        fail if ours is later than its timers by more than 1 ms (p50) or 5 ms (p99); for an idle machine
  --help
`;

/** The options as given on the command line, or null if all that was asked for is what they are. */
export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      drivers: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'string' },
      assert: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return null;
  }
  const rounds = Number(values.rounds);
  if (!Number.isSafeInteger(rounds) || rounds < 1) {
    throw new Error(`--rounds must be a positive integer, got ${JSON.stringify(values.rounds)}`);
  }
  const names = choose(
    'only',
    values.only,
    PHASES.map(({ name }) => name),
  );
  return {
    phases: PHASES.filter(({ name }) => names.includes(name)),
    drivers: choose('drivers', values.drivers, DRIVERS),
    rounds,
    json: values.json,
    assert: values.assert,
  };
}

function choose<T extends string>(name: string, text: string | undefined, known: readonly T[]): readonly T[] {
  if (text === undefined) return known;
  const wanted = text.split(',');
  const unknown = wanted.find(one => !(known as readonly string[]).includes(one));
  if (unknown !== undefined) throw new Error(`--${name} must name some of ${known.join(', ')}, got ${unknown}`);
  return known.filter(one => wanted.includes(one));
}
