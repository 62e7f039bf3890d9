import { type Call, call, type Subject } from '../call.js';

/** Plans differ from server to server; what is compared is the command, and whether there is a plan. */
function planned(name: string, run: (subject: Subject) => Promise<unknown>): Call {
  return call(name, async subject => typeof (await run(subject)));
}

const explain = { explain: 'queryPlanner' } as const;

/* eslint-disable @typescript-eslint/no-deprecated -- what is deprecated works the same until it goes */
export const explainCalls: readonly Call[] = [
  planned('explain of a find', ({ docs }) => docs.find({ n: 1 }).explain()),
  planned('explain of a find, true', ({ docs }) => docs.find({ n: 1 }).explain(true)),
  planned('explain of a find, false', ({ docs }) => docs.find({ n: 1 }).explain(false)),
  planned('explain of a find, by name', ({ docs }) => docs.find({ n: 1 }).sort({ n: 1 }).explain('executionStats')),
  planned('explain of a find with a time', ({ docs }) =>
    docs.find({ n: 1 }, { maxTimeMS: 50 }).explain({ verbosity: 'queryPlanner', maxTimeMS: 900 }),
  ),
  planned('explain of a find with a read concern', ({ docs }) =>
    docs.find({}, { readConcern: { level: 'majority' }, comment: 'c' }).explain(),
  ),
  planned('find with the option explain', ({ docs }) => docs.find({ n: 1 }, explain).toArray()),
  planned('findOne with the option explain', ({ docs }) => docs.findOne({ n: 1 }, explain)),
  planned('explain of an aggregate', ({ docs }) => docs.aggregate([{ $match: { n: 1 } }]).explain('queryPlanner')),
  planned('aggregate with the option explain', ({ docs }) => docs.aggregate([{ $match: { n: 1 } }], explain).toArray()),
  planned('aggregate with $out and explain', ({ docs }) =>
    docs.aggregate([{ $out: 'never' }], { ...explain, writeConcern: { w: 1 } }).toArray(),
  ),
  planned('distinct with explain', ({ docs }) => docs.distinct('n', {}, explain)),
  planned('updateOne with explain', ({ docs }) => docs.updateOne({ n: 1 }, { $set: { n: 2 } }, explain)),
  planned('updateMany with explain', ({ docs }) => docs.updateMany({ n: 1 }, { $set: { n: 2 } }, explain)),
  planned('deleteOne with explain', ({ docs }) => docs.deleteOne({ n: 1 }, explain)),
  planned('deleteMany with explain', ({ docs }) => docs.deleteMany({ n: 1 }, { explain: true })),
  planned('findOneAndUpdate with explain', ({ docs }) => docs.findOneAndUpdate({ n: 1 }, { $set: { n: 2 } }, explain)),
  planned('findOneAndReplace with explain', ({ docs }) => docs.findOneAndReplace({ n: 1 }, { n: 2 }, explain)),
  planned('findOneAndDelete with explain', ({ docs }) => docs.findOneAndDelete({ n: 1 }, explain)),
  planned('countDocuments with explain', ({ docs }) => docs.countDocuments({}, explain)),
  planned('insertOne with explain', ({ docs }) => docs.insertOne({ _id: 'e' }, explain)),
  planned('insertMany with explain', ({ docs }) => docs.insertMany([{ _id: 'e' }], explain)),
  planned('replaceOne with explain', ({ docs }) => docs.replaceOne({ n: 1 }, { n: 2 }, explain)),
  planned('bulkWrite with explain', ({ docs }) => docs.bulkWrite([{ deleteOne: { filter: {} } }], explain)),
  planned('estimatedDocumentCount with explain', ({ docs }) => docs.estimatedDocumentCount(explain)),
  planned('createIndex with explain', ({ docs }) => docs.createIndex({ a: 1 }, explain)),
  planned('drop with explain', ({ db }) => db.dropCollection('missing', explain)),
];
