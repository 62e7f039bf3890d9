// A consumer of a change stream that keeps a copy of a collection, stores its resume token, and goes on where it was.
import { MongoClient } from 'mongodb';

export async function startConsumer(uri, name, onApplied = () => {}) {
  const client = await new MongoClient(uri).connect();
  const db = client.db('service');
  const tokens = db.collection('tokens');
  const copy = db.collection(`copy of ${name}`);
  const saved = await tokens.findOne({ _id: name });
  const stream = db
    .collection(name)
    .watch([{ $match: { operationType: { $in: ['insert', 'update', 'replace', 'delete'] } } }], {
      fullDocument: 'updateLookup',
      ...(saved === null ? {} : { resumeAfter: saved.token }),
    });
  // Opens the stream on the server before the caller writes anything.
  let first = await stream.tryNext();

  async function apply({ operationType, documentKey, fullDocument, _id: token }) {
    if (operationType === 'delete') await copy.deleteOne(documentKey);
    else if (fullDocument !== null) await copy.replaceOne(documentKey, fullDocument, { upsert: true });
    await tokens.updateOne({ _id: name }, { $set: { token } }, { upsert: true });
    onApplied(operationType);
  }

  let stopping = false;
  const running = (async () => {
    try {
      if (first !== null) await apply(first);
      first = null;
      for await (const change of stream) await apply(change);
    } catch (error) {
      if (!stopping) throw error;
    }
  })();
  return {
    running,
    copy: () => copy.find().sort({ _id: 1 }).toArray(),
    async stop() {
      stopping = true;
      await stream.close();
      await running;
      await client.close();
    },
  };
}
