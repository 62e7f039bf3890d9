import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** How long reads and writes run. */
  readonly seconds: number;
  readonly workers: number;
  /** Orders that are loaded at first. */
  readonly orders: number;
}

export const help = `Usage: npm run demo -- [options]

Loads orders, reads and writes them in parallel, steps the primary down meanwhile, lets operations run out of time, and
tells what happened. Starts a replica set of its own in a child process unless MONGODB_URI is set; in that case it works in
the database mongotempo_demo there, which it drops before and afterwards.

  --seconds N    how long reads and writes run (default: 8)
  --workers N    how many of them at a time (default: 16)
  --orders N     how many orders are loaded at first (default: 5000)
  --help         print this

Exit codes: 0 all is well; 1 a document is missing or a promise was broken; 2 wrong usage; 3 the server cannot run the demo.
`;

/** @throws Error that says which option is wrong */
export function parseCommandLine(argv: readonly string[]): DemoOptions | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seconds: { type: 'string', default: '8' },
      workers: { type: 'string', default: '16' },
      orders: { type: 'string', default: '5000' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    seconds: positive('--seconds', values.seconds, 2, 3600),
    workers: positive('--workers', values.workers, 1, 1000),
    orders: positive('--orders', values.orders, 1000, 1_000_000),
  };
}

function positive(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${name} must be a number between ${least} and ${most}, not '${text}'`);
}
