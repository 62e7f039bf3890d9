import { parseArgs } from 'node:util';
import { MongoClient } from 'mongotempo';
import { monitorPage } from './monitor_page.js';

const HELP = `Shows a MongoDB deployment in the browser, with a client of its own.

mongotempo-monitor [options] <connection string>

  --port N      port on 127.0.0.1 (27080)
  --ping-ms N   milliseconds between two pings, for latencies; 0 is none (1000)
  --help

The page is served on this machine only. To see what a program does, serve the page from it: monitorPage(client).
`;

const DEFAULT_PORT = 27_080;

/** Runs the command line. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await run(args);
  } catch (error) {
    console.error(`mongotempo-monitor: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { port: { type: 'string' }, 'ping-ms': { type: 'string' }, help: { type: 'boolean' } },
  });
  const [uri] = positionals;
  if (values.help === true || uri === undefined || positionals.length > 1) {
    console.log(HELP);
    if (values.help !== true) process.exitCode = 1;
    return;
  }
  const port = wholeNumber('port', values.port, DEFAULT_PORT);
  const pingMS = wholeNumber('ping-ms', values['ping-ms'], 1000);
  const client = new MongoClient(uri, { statistics: true, appName: 'mongotempo-monitor' });
  const page = await monitorPage(client, { port });
  console.log(`The page is at ${page.url} (press Ctrl-C to stop)`);
  // The first operation connects; a deployment that is away is shown as such, and does not end the program.
  const ping = () =>
    void client
      .db('admin')
      .command({ ping: 1 }, { timeoutMS: 5000 })
      .catch(() => undefined);
  ping();
  const timer = pingMS > 0 ? setInterval(ping, pingMS) : setInterval(() => undefined, 60_000);
  const stop = (): void => {
    clearInterval(timer);
    void page.close().then(() => client.close());
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

function wholeNumber(name: string, text: string | undefined, ifAbsent: number): number {
  if (text === undefined) return ifAbsent;
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`--${name} must be a whole number, got ${text}`);
}
