// A queue of jobs in a collection: workers claim jobs, retry those that fail, and take over those of workers that died.
import { MongoClient } from 'mongodb';

export async function openQueue(uri, { leaseMS = 30_000, tries = 3 } = {}) {
  const client = await new MongoClient(uri, { readPreference: 'primary', writeConcern: { w: 'majority' } }).connect();
  const jobs = client.db('service').collection('jobs');
  await jobs.createIndexes([{ key: { state: 1, due: 1 } }, { key: { key: 1 }, unique: true, sparse: true }]);
  return {
    async add(kinds) {
      const documents = kinds.map(job => ({ state: 'waiting', due: new Date(0), tried: 0, ...job }));
      const { insertedCount } = await jobs.insertMany(documents, { ordered: false });
      return insertedCount;
    },
    async claim(worker) {
      const now = new Date();
      return jobs.findOneAndUpdate(
        {
          $or: [
            { state: 'waiting', due: { $lte: now } },
            { state: 'running', lease: { $lt: now } },
          ],
        },
        { $set: { state: 'running', worker, lease: new Date(now.getTime() + leaseMS) }, $inc: { tried: 1 } },
        { sort: { due: 1, _id: 1 }, returnDocument: 'after' },
      );
    },
    async finish({ _id, worker }, result) {
      const { modifiedCount } = await jobs.updateOne(
        { _id, worker, state: 'running' },
        { $set: { state: 'done', result }, $unset: { lease: '' } },
      );
      return modifiedCount === 1;
    },
    async fail({ _id, tried }, error) {
      const state = tried >= tries ? 'failed' : 'waiting';
      await jobs.updateOne({ _id }, { $set: { state, due: new Date() }, $push: { errors: error.message } });
      return state;
    },
    async work(worker, handle) {
      for (let job = await this.claim(worker); job !== null; job = await this.claim(worker)) {
        try {
          await this.finish(job, await handle(job));
        } catch (error) {
          await this.fail(job, error);
        }
      }
    },
    async counts() {
      const rows = await jobs.aggregate([{ $group: { _id: '$state', n: { $sum: 1 } } }]).toArray();
      return Object.fromEntries(rows.map(({ _id, n }) => [_id, n]));
    },
    close: () => client.close(),
  };
}
