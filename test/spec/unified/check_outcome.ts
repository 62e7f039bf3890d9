import { fieldsOf, show } from './bson_values.js';
import { TestFailure } from './failure.js';
import type { InternalClient } from './internal_client.js';
import { type MatchContext, match } from './matching.js';
import type { CollectionData } from './test_file.js';

/** "outcome": the collections hold these documents, all of them and none else, with their fields in this order. */
export async function checkOutcome(
  outcome: readonly CollectionData[],
  internal: InternalClient,
  context: MatchContext,
): Promise<void> {
  for (const { databaseName, collectionName, documents } of outcome) {
    const actual = await internal.read(databaseName, collectionName);
    const mismatch = match(documents, actual, context, 'nested') ?? differentOrder(documents, actual);
    if (mismatch === null) continue;
    throw new TestFailure(`${databaseName}.${collectionName} differs in the end ${mismatch}; it has ${show(actual)}`);
  }
}

/** Which document has its fields in another order, at any depth. */
function differentOrder(expected: unknown, actual: unknown): string | null {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const others = actual as readonly unknown[];
    return (
      (expected as readonly unknown[]).map((one, index) => differentOrder(one, others[index])).find(isText) ?? null
    );
  }
  const fields = fieldsOf(expected);
  const others = fieldsOf(actual);
  if (fields === undefined || others === undefined) return null;
  const [first] = fields.keys();
  if (first?.startsWith('$$') === true) return null;
  const order = [...fields.keys()].filter(key => others.has(key));
  if (order.join() !== [...others.keys()].join()) return `in the order of fields: ${show(Object.fromEntries(others))}`;
  return [...fields].map(([key, value]) => differentOrder(value, others.get(key))).find(isText) ?? null;
}

function isText(value: string | null): value is string {
  return value !== null;
}
