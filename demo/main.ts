import {
  MongoClient,
  MongoNetworkError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongotempo';
import { type DemoOptions, help, parseCommandLine } from './command_line.js';
import { showDeadlines } from './deadlines.js';
import { type Deployment, findDeployment, introduce, writableAddress } from './deployment.js';
import { EventLedger } from './event_ledger.js';
import { emptyOrders, loadOrders, showReads } from './load.js';
import { OperationLog } from './operation_log.js';
import { showDeadlineTotals, showEvents, showFindings, showOperations } from './report.js';
import { say, section, styled } from './terminal.js';
import { workAndStepDown } from './under_load.js';
import { verify } from './verify.js';
import { Acknowledged, TIMEOUT_MS, type Workload } from './workload.js';

/** The server is not what the demo needs. */
class NoWritableServer extends Error {}

const DATABASE = 'mongotempo_demo';
const COLLECTION = 'orders';

async function main(): Promise<number> {
  let options: DemoOptions | 'help';
  try {
    options = parseCommandLine(process.argv.slice(2));
  } catch (error) {
    console.error(`demo: ${(error as Error).message} (see --help)`);
    return 2;
  }
  if (options === 'help') {
    console.log(help);
    return 0;
  }
  section('The server', 'Everything below happens on real sockets, with another process.');
  const deployment = await findDeployment();
  try {
    return await runDemo(deployment, options);
  } finally {
    await deployment.stop();
  }
}

async function runDemo(deployment: Deployment, options: DemoOptions): Promise<number> {
  const ledger = new EventLedger();
  const log = new OperationLog();
  const client = new MongoClient(deployment.uri, { timeoutMS: TIMEOUT_MS, monitorCommands: true });
  ledger.watch(client);
  let broken = 0;
  try {
    await client.connect({ timeoutMS: 10_000 });
    await introduce(client);
    const orders = await emptyOrders(client.db(DATABASE), COLLECTION);

    section(
      'A data set',
      'Plausible orders, the same at each run. The sum of all totals is compared with the server’s.',
    );
    await loadOrders(orders, options.orders);
    await showReads(orders);

    const workload: Workload = {
      orders,
      log,
      acknowledged: new Acknowledged(),
      loaded: options.orders,
      workers: options.workers,
    };
    broken += await workAndStepDown(client, workload, options.seconds);

    section(
      'Four ways to run out of 200 ms',
      'One deadline covers all of an operation; the error says where the time went. A slow server is a TCP proxy of the demo that holds ' +
        'replies back, so that this works with any server.',
    );
    const address = writableAddress(client);
    if (address === undefined) throw new NoWritableServer('No server takes writes any more');
    broken += await showDeadlines(
      { uri: deployment.uri, database: DATABASE, collection: COLLECTION, log, ledger },
      address,
    );

    section('Was anything lost?', 'All documents are read back and compared with what the server has acknowledged.');
    const findings = await verify(orders, options.orders, workload.acknowledged);
    showFindings(findings);
    broken += findings.faults.length;
    if (!deployment.isOurs) await client.db(DATABASE).dropDatabase({ timeoutMS: 10_000 });
  } finally {
    await client.close();
  }
  section('In numbers', 'Latencies are the caller’s: selection, checkout, retries and elections are all in them.');
  showOperations(log);
  say();
  showDeadlineTotals(log);
  say();
  showEvents(ledger);
  say();
  say(broken === 0 ? styled('green', 'All promises held.') : styled('red', `${broken} promises were broken.`));
  return broken === 0 ? 0 : 1;
}

/** Whether an error says something of the server, or of the way to it, and nothing of this code. */
function isOfServer(error: unknown): boolean {
  return [
    NoWritableServer,
    MongoServerError,
    MongoNetworkError,
    MongoServerSelectionError,
    MongoOperationTimeoutError,
  ].some(errorClass => error instanceof errorClass);
}

main().then(
  code => (process.exitCode = code),
  (error: unknown) => {
    const ofServer = isOfServer(error);
    const { name, message } = error as Error;
    console.error(ofServer ? `\ndemo: the server cannot run this demo: ${name}: ${message}` : error);
    process.exitCode = ofServer ? 3 : 1;
  },
);
