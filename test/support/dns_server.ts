import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A name server for SRV records: it answers what it has, that there is none to other questions, or nothing until it is told to. */
export class DNSServer {
  /** Hosts of each name, as `host:port`. */
  readonly srv = new Map<string, readonly string[]>();
  /** Questions so far, as names. */
  readonly asked: string[] = [];
  silent = false;
  /** Questions that wait for {@link DNSServer.answerAll}. */
  readonly #unanswered: (() => void)[] = [];
  readonly #socket: Socket = createSocket('udp4');

  static async start(): Promise<DNSServer> {
    const server = new DNSServer();
    server.#socket.on('message', (query, { address, port }) => {
      const answer = () => server.#socket.send(server.#answer(query), port, address);
      server.asked.push(nameAt(query, 12).name);
      if (server.silent) server.#unanswered.push(answer);
      else answer();
    });
    server.#socket.bind(0, '127.0.0.1');
    await once(server.#socket, 'listening');
    return server;
  }

  /** As `setServers` takes it. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  /** The next question. */
  async question(): Promise<void> {
    await once(this.#socket, 'message');
  }

  /** Answers what was asked while it was silent. */
  answerAll(): void {
    for (const answer of this.#unanswered.splice(0)) answer();
  }

  stop(): void {
    this.#socket.close();
  }

  /** RFC 1035, section 4: the question comes back, followed by one record for each host. */
  #answer(query: Buffer): Buffer {
    const { name, end } = nameAt(query, 12);
    const isSrv = query.readUInt16BE(end) === 33;
    const hosts = isSrv ? (this.srv.get(name) ?? []) : [];
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x81_80, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(hosts.length, 6);
    header.fill(0, 8);
    return Buffer.concat([header, query.subarray(12, end + 4), ...hosts.map(srvRecord)]);
  }
}

function srvRecord(address: string): Buffer {
  const [host = '', port] = address.split(':');
  const labels = host.split('.').map(label => Buffer.from([label.length, ...Buffer.from(label)]));
  const target = Buffer.concat([...labels, Buffer.of(0)]);
  const record = Buffer.alloc(18);
  // The name of the question, which lies at 12.
  record.writeUInt16BE(0xc0_0c, 0);
  record.writeUInt16BE(33, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(60, 6);
  record.writeUInt16BE(6 + target.length, 10);
  record.writeUInt16BE(Number(port), 16);
  return Buffer.concat([record, target]);
}

function nameAt(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let offset = start;
  for (let length = message[offset] ?? 0; length > 0; length = message[offset] ?? 0) {
    labels.push(message.toString('latin1', offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return { name: labels.join('.'), end: offset + 1 };
}
