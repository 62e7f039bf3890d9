import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ServerDescription } from '../../src/description/server_description.js';
import { ServerTable, typeSet } from '../../src/description/server_table.js';
import { ServerType } from '../../src/description/types.js';
import { MongoNetworkError } from '../../src/errors/network.js';

const error = new MongoNetworkError('read ECONNRESET');
const KNOWN: readonly ServerType[] = ['Standalone', 'Mongos', 'RSPrimary', 'RSSecondary', 'RSArbiter', 'RSOther'];

/** Many addresses, so that the tree grows to three levels, and few, so that they come back. */
const address = fc.oneof(fc.nat(30), fc.nat(2000)).map(number => `h${number}:27017`);
const server = fc
  .record({
    address,
    type: fc.constantFrom(...KNOWN, ServerType.Unknown, ServerType.LoadBalancer),
    error: fc.constantFrom(null, null, null, error),
    logicalSessionTimeoutMinutes: fc.constantFrom(null, 10, 30),
    minWireVersion: fc.constantFrom(0, 6, 30),
    maxWireVersion: fc.constantFrom(5, 8, 21),
  })
  .map(fields => new ServerDescription(fields));
const change = fc.oneof(
  { weight: 3, arbitrary: server.map(added => ({ added, removed: null })) },
  { weight: 2, arbitrary: address.map(removed => ({ added: null, removed })) },
);

const sorted = (servers: Iterable<ServerDescription>) =>
  [...servers].sort((a, b) => (a.address < b.address ? -1 : Number(a.address > b.address)));

/** What the table must tell, from a plain map. */
function checkAgainst(table: ServerTable, model: ReadonlyMap<string, ServerDescription>): void {
  const servers = [...model.values()];
  assert.equal(table.size, model.size);
  assert.deepEqual(sorted(table.all()), sorted(servers));
  for (const [address, server] of model) assert.equal(table.get(address), server);
  assert.equal(table.has('other:27017'), false);
  for (const type of [...KNOWN, ServerType.Unknown]) {
    const ofType = servers.filter(server => server.type === type);
    assert.deepEqual(sorted(table.ofTypes(typeSet(type))), sorted(ofType));
    assert.equal((table.types & typeSet(type)) !== 0, ofType.length > 0);
  }
  const checked = servers.filter(({ type }) => KNOWN.includes(type));
  assert.equal(table.leastMaxWireVersion, Math.min(...checked.map(({ maxWireVersion }) => maxWireVersion)));
  assert.equal(table.greatestMinWireVersion, Math.max(...checked.map(({ minWireVersion }) => minWireVersion)));
  const timeouts = servers.filter(({ isDataBearing }) => isDataBearing).map(one => one.logicalSessionTimeoutMinutes);
  const least = timeouts.length === 0 || timeouts.includes(null) ? null : Math.min(...timeouts.map(Number));
  assert.equal(table.sessionTimeoutMinutes, least);
  assert.equal(
    table.firstWithError() !== undefined,
    servers.some(one => one.error !== null),
  );
  const outside = checked.some(one => one.maxWireVersion < 8 || one.minWireVersion > 27);
  assert.equal(table.firstOutside(8, 27) !== undefined, outside);
}

describe('ServerTable', () => {
  it('has what a map has after any changes, tells what has changed since any earlier table, and changes none of these', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 400 }), changes => {
        const model = new Map<string, ServerDescription>();
        let table = ServerTable.of([]);
        const earlier: (readonly [ServerTable, ReadonlyMap<string, ServerDescription>])[] = [];
        changes.forEach(({ added, removed }, index) => {
          if (index % 50 === 0) earlier.push([table, new Map(model)]);
          if (added !== null) {
            table = table.with(added);
            model.set(added.address, added);
          } else {
            table = table.without(removed);
            model.delete(removed);
          }
        });
        checkAgainst(table, model);
        for (const [before, modelBefore] of earlier) {
          checkAgainst(before, modelBefore);
          const { added, removed, replaced } = table.since(before);
          assert.deepEqual(sorted(added), sorted([...model.values()].filter(one => !modelBefore.has(one.address))));
          assert.deepEqual(sorted(removed), sorted([...modelBefore.values()].filter(one => !model.has(one.address))));
          const kept = [...modelBefore.values()].filter(one => model.has(one.address));
          assert.deepEqual(
            sorted(replaced.map(([one]) => one)),
            sorted(kept.filter(one => model.get(one.address) !== one)),
          );
          for (const [one, other] of replaced) assert.equal(other, model.get(one.address));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('keeps the order in which servers were found', () => {
    fc.assert(
      fc.property(fc.uniqueArray(address, { maxLength: 300 }), addresses => {
        const table = ServerTable.of(
          addresses.map(address => new ServerDescription({ address, type: ServerType.Unknown })),
        );

        assert.deepEqual(
          table.all().map(one => one.address),
          addresses,
        );
      }),
    );
  });

  it('does not remember hosts that come and go under ever new names', () => {
    let table = ServerTable.of([new ServerDescription({ address: 'a:27017', type: ServerType.RSPrimary })]);
    for (let round = 0; round < 5000; round++) {
      const address = `h${round}:27017`;
      table = table.with(new ServerDescription({ address, type: ServerType.Unknown })).without(address);
    }

    assert.equal(table.size, 1);
    assert.ok(table.places <= 130, `${table.places} places`);
  });
});
