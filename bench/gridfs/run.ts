import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { TaskProcess } from '../csot/processes.js';
import type { ClientName, Direction, TransferSample, TransferTask } from './worker.js';

const HELP = `Uploads and downloads a file, and shows the memory of the client's process.

npm run bench:gridfs -- [options]

  --mebibytes N     size of the file (1024)
  --clients A,B     ours, official (ours,official)
  --assert          fail if ours needs more memory than MOST_MIB beyond what it had before
  --help
`;

const MIB = 1024 * 1024;
/** What a transfer of any size may need. */
const MOST_MIB = 160;
const DIRECTIONS: readonly Direction[] = ['upload', 'download', 'slow download'];

interface ServerReport {
  readonly insertedChunks: number;
  readonly length: number;
}

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      mebibytes: { type: 'string', default: '1024' },
      clients: { type: 'string', default: 'ours,official' },
      assert: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP.replace('MOST_MIB', `${MOST_MIB} MiB`));
    return;
  }
  const bytes = Number(values.mebibytes) * MIB;
  console.log(`A file of ${values.mebibytes} MiB in chunks of 255 KiB; MiB of the client's process\n`);
  console.log('| client | transfer | MiB/s | resident before | at most | heap at most | buffers at most |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const client of values.clients.split(',') as ClientName[]) {
    const samples = await measure(client, bytes);
    for (const [direction, sample] of samples) console.log(row(client, direction, sample));
    const over = samples.filter(([, { rssPeak, rssBefore }]) => rssPeak - rssBefore > MOST_MIB * MIB);
    if (values.assert && client === 'ours' && over.length > 0) process.exitCode = 1;
  }
}

/** Each transfer has a client process of its own; the server is one for all of a client. */
async function measure(client: ClientName, bytes: number): Promise<[Direction, TransferSample][]> {
  const server = fork(require.resolve('./server.js'), { execArgv: [] });
  const samples: [Direction, TransferSample][] = [];
  try {
    const [{ port }] = (await once(server, 'message')) as [{ port: number }];
    const uri = `mongodb://127.0.0.1:${port}/?directConnection=true`;
    for (const direction of DIRECTIONS) {
      const worker = new TaskProcess<TransferTask, TransferSample>(client, require.resolve('./worker.js'));
      const sample = await worker.do({ client, direction, uri, bytes }).finally(() => worker.stop());
      if (sample.bytes !== bytes) throw new Error(`${client}, ${direction}: ${sample.bytes} of ${bytes} bytes`);
      samples.push([direction, sample]);
    }
    server.send({});
    const [{ length }] = (await once(server, 'message')) as [ServerReport];
    if (length !== bytes) throw new Error(`${client}: the server has a file of ${length} bytes`);
  } finally {
    if (server.connected) server.disconnect();
  }
  return samples;
}

function row(client: ClientName, direction: Direction, sample: TransferSample): string {
  const rate = sample.bytes / MIB / sample.seconds;
  const cells = [rate, sample.rssBefore / MIB, sample.rssPeak / MIB, sample.heapPeak / MIB, sample.buffersPeak / MIB];
  return `| ${client} | ${direction} | ${cells.map(cell => cell.toFixed(0)).join(' | ')} |`;
}

void main(process.argv.slice(2));
