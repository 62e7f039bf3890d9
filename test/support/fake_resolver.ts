import type { DNSResolver, SrvRecord } from '../../src/runtime/dns.js';

/** A record is an answer, the code of an error, or both in the order in which they are to come; the last one stays. */
type Answers<T> = readonly (readonly T[] | string)[];

/** Answers from tables; a name that is in none is not found. */
export class FakeResolver implements DNSResolver {
  readonly srv = new Map<string, Answers<SrvRecord>>();
  readonly txt = new Map<string, Answers<readonly string[]>>();
  /** What was asked, as `SRV name`. */
  readonly asked: string[] = [];
  /** Answers nothing at all. */
  silent = false;

  resolveSrv(name: string): Promise<readonly SrvRecord[]> {
    return this.#answer('SRV', name, this.srv);
  }

  resolveTxt(name: string): Promise<readonly (readonly string[])[]> {
    return this.#answer('TXT', name, this.txt);
  }

  servers(): readonly string[] {
    return ['192.0.2.53'];
  }

  /** Lets a name have these hosts, as `host:port`. */
  setHosts(name: string, ...hosts: string[]): void {
    this.srv.set(`_mongodb._tcp.${name}`, [hosts.map(recordOf)]);
  }

  #answer<T>(type: string, name: string, table: Map<string, Answers<T>>): Promise<readonly T[]> {
    this.asked.push(`${type} ${name}`);
    if (this.silent) return new Promise(() => undefined);
    const [answer = 'ENOTFOUND', ...later] = table.get(name) ?? [];
    if (later.length > 0) table.set(name, later);
    if (typeof answer !== 'string') return Promise.resolve(answer);
    return Promise.reject(
      Object.assign(new Error(`query${type === 'SRV' ? 'Srv' : 'Txt'} ${answer} ${name}`), { code: answer }),
    );
  }
}

function recordOf(address: string): SrvRecord {
  const [name = '', port] = address.split(':');
  return { name, port: Number(port) };
}
