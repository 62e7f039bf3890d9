import { Int32 } from 'bson';
import { BsonDocument } from '../bson/document.js';
import { type Document } from '../bson/types.js';
import { maxBsonObjectSize } from '../engine/collection.js';
import { decodeResumeToken, encodeResumeToken } from './resume_token.js';

/** Room for the token and `splitEvent` of a fragment. */
const reserve = 4096;

/** `$changeStreamSplitLargeEvent`: an event that no reply could carry becomes several, each with some of its fields. */
export function splitLargeEvent(event: Document): Document[] {
  if (BsonDocument.fromValue(event).bytes.length <= maxBsonObjectSize) return [event];
  const { _id: token, ...fields } = event;
  const fragments: Document[] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const [name, value] of Object.entries(fields)) {
    const more = BsonDocument.fromValue({ [name]: value }).bytes.length;
    if (size + more > maxBsonObjectSize - reserve) {
      fragments.push({});
      size = 0;
    }
    size += more;
    const last = fragments.at(-1);
    if (last !== undefined) last[name] = value;
  }
  const point = decodeResumeToken(token);
  return fragments.map((fragment, index) => ({
    _id: encodeResumeToken({ ...point, fragment: index + 1 }),
    splitEvent: { fragment: new Int32(index + 1), of: new Int32(fragments.length) },
    ...fragment,
  }));
}
