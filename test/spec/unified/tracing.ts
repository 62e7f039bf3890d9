import { type Doc, fieldsOf, show } from './bson_values.js';
import { type MatchContext, match } from './matching.js';

/** Unified test format, "expectedTracingMessagesForClient". */
export interface ExpectedTracing {
  readonly client: string;
  readonly spans: readonly ExpectedSpan[];
  readonly ignoreExtraSpans: boolean;
}

export interface ExpectedSpan {
  readonly name: string;
  readonly attributes: Doc;
  readonly nested?: readonly ExpectedSpan[];
}

/** A span that has ended, with those that were started below it, in the order of their starts. */
export interface ObservedSpan {
  readonly name: string;
  readonly attributes: Doc;
  readonly nested: readonly ObservedSpan[];
}

export function matchTracing(
  { client, spans, ignoreExtraSpans }: ExpectedTracing,
  observed: readonly ObservedSpan[],
  context: MatchContext,
): string | null {
  const mismatch = matchSpans(spans, observed, ignoreExtraSpans, context);
  return mismatch === null ? null : `spans of ${client}: ${mismatch}`;
}

function matchSpans(
  expected: readonly ExpectedSpan[],
  observed: readonly ObservedSpan[],
  ignoresExtra: boolean,
  context: MatchContext,
): string | null {
  let next = 0;
  for (const span of expected) {
    const mismatches: string[] = [];
    // Where more spans may be, the expected ones are found among them, in their order.
    for (; next < observed.length; next++) {
      const mismatch = matchSpan(span, observed[next] as ObservedSpan, ignoresExtra, context);
      if (mismatch === null) break;
      mismatches.push(mismatch);
      if (!ignoresExtra) return mismatch;
    }
    if (next++ >= observed.length) return `${span.name} is missing${mismatches.map(text => `; ${text}`).join('')}`;
  }
  if (ignoresExtra || next === observed.length) return null;
  return `${show(observed[next]?.name)} is not expected`;
}

function matchSpan(
  { name, attributes, nested = [] }: ExpectedSpan,
  actual: ObservedSpan,
  ignoresExtra: boolean,
  context: MatchContext,
): string | null {
  if (name !== actual.name) return `expected ${name}, actual ${actual.name}`;
  const mismatch = match(attributes, Object.fromEntries(fieldsOf(actual.attributes) ?? []), context);
  if (mismatch !== null) return `the attributes of ${name} differ ${mismatch}`;
  const inner = matchSpans(nested, actual.nested, ignoresExtra, context);
  return inner === null ? null : `below ${name}: ${inner}`;
}
