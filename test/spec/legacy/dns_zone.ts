import { FakeResolver } from '../../support/fake_resolver.js';

/** The domain under which the drivers' tests have their records. */
const DOMAIN = 'test.build.10gen.cc';

/** Records by the first label of their name: hosts, and strings of TXT records. Source: Initial DNS Seedlist Discovery, "Test Setup". */
const RECORDS: readonly { readonly name: string; readonly hosts: readonly string[]; readonly txt?: string[][] }[] = [
  { name: 'test1', hosts: [`localhost.${DOMAIN}:27017`, `localhost.${DOMAIN}:27018`] },
  { name: 'test2', hosts: [`localhost.${DOMAIN}:27018`, `localhost.${DOMAIN}:27019`] },
  { name: 'test3', hosts: [`localhost.${DOMAIN}:27017`] },
  { name: 'test5', hosts: [`localhost.${DOMAIN}:27017`], txt: [['replicaSet=repl0&authSource=thisDB']] },
  { name: 'test6', hosts: [`localhost.${DOMAIN}:27017`], txt: [['replicaSet=repl0'], ['authSource=otherDB']] },
  { name: 'test7', hosts: [`localhost.${DOMAIN}:27017`], txt: [['ssl=false']] },
  { name: 'test8', hosts: [`localhost.${DOMAIN}:27017`], txt: [['authSource']] },
  { name: 'test10', hosts: [`localhost.${DOMAIN}:27017`], txt: [['socketTimeoutMS=500']] },
  { name: 'test11', hosts: [`localhost.${DOMAIN}:27017`], txt: [['replicaS', 'et=rep', 'l0']] },
  { name: 'test12', hosts: ['localhost.build.10gen.cc:27017'] },
  { name: 'test13', hosts: ['test.build.10gen.cc:27017'] },
  { name: 'test14', hosts: ['localhost.not-test.build.10gen.cc:27017'] },
  { name: 'test15', hosts: ['localhost.test.not-build.10gen.cc:27017'] },
  { name: 'test16', hosts: ['localhost.test.build.not-10gen.cc:27017'] },
  { name: 'test17', hosts: ['localhost.test.build.10gen.not-cc:27017'] },
  { name: 'test18', hosts: [`localhost.sub.${DOMAIN}:27017`] },
  { name: 'test19', hosts: ['localhost.evil.build.10gen.cc:27017', `localhost.${DOMAIN}:27017`] },
  { name: 'test20', hosts: [`localhost.${DOMAIN}:27017`], txt: [['loadBalanced=true']] },
  { name: 'test21', hosts: [`localhost.${DOMAIN}:27017`], txt: [['loadBalanced=false']] },
  { name: '_customname test22', hosts: [`localhost.${DOMAIN}:27017`, `localhost.${DOMAIN}:27018`] },
  { name: 'test23', hosts: [`localhost.${DOMAIN}:8000`] },
  { name: 'test24', hosts: [`localhost.${DOMAIN}:8000`], txt: [['loadBalanced=true']] },
];

/** A resolver that knows them. */
export function testZone(): FakeResolver {
  const resolver = new FakeResolver();
  for (const { name, hosts, txt } of RECORDS) {
    const [label = '', service = '_mongodb'] = name.split(' ').reverse();
    const records = hosts.map(host => ({ name: host.split(':')[0] ?? '', port: Number(host.split(':')[1]) }));
    resolver.srv.set(`${service}._tcp.${label}.${DOMAIN}`, [records]);
    if (txt !== undefined) resolver.txt.set(`${label}.${DOMAIN}`, [txt]);
  }
  return resolver;
}
