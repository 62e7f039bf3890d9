import { type Call, failing } from '../call.js';

const unsatisfied = {
  code: 64,
  codeName: 'WriteConcernTimeout',
  errmsg: 'waiting timed out',
  errInfo: { wtimeout: true },
};
const shutdown = { code: 91, errmsg: 'Replication is being shut down', errorLabels: ['RetryableWriteError'] };

export const failures: readonly Call[] = [
  failing('find that fails', { failCommands: ['find'], errorCode: 2 }, ({ docs }) => docs.find().toArray()),
  failing('getMore that fails', { failCommands: ['getMore'], errorCode: 43 }, ({ docs }) =>
    docs.find({}, { batchSize: 2 }).toArray(),
  ),
  failing('aggregate that fails once', { failCommands: ['aggregate'], errorCode: 11602 }, ({ docs }) =>
    docs.countDocuments(),
  ),
  failing('insertOne that fails', { failCommands: ['insert'], errorCode: 2 }, ({ docs }) =>
    docs.insertOne({ _id: 'f' }),
  ),
  failing('insertMany that fails', { failCommands: ['insert'], errorCode: 2 }, ({ docs }) =>
    docs.insertMany([{ _id: 'f' }]),
  ),
  failing(
    'insertOne with a write concern error',
    { failCommands: ['insert'], writeConcernError: unsatisfied },
    ({ docs }) => docs.insertOne({ _id: 'f' }),
  ),
  failing(
    'insertMany with a write concern error',
    { failCommands: ['insert'], writeConcernError: unsatisfied },
    ({ docs }) => docs.insertMany([{ _id: 'f' }]),
  ),
  failing(
    'updateMany with a write concern error',
    { failCommands: ['update'], writeConcernError: unsatisfied },
    ({ docs }) => docs.updateMany({}, { $set: { n: 1 } }),
  ),
  failing(
    'deleteOne with a write concern error',
    { failCommands: ['delete'], writeConcernError: unsatisfied },
    ({ docs }) => docs.deleteOne({}),
  ),
  failing(
    'insertOne with a write concern error to be retried',
    {
      failCommands: ['insert'],
      writeConcernError: { code: 91, errmsg: shutdown.errmsg },
      errorLabels: shutdown.errorLabels,
    },
    ({ docs }) => docs.insertOne({ _id: 'f' }),
  ),
  failing(
    'insertMany with a write concern error to be retried',
    {
      failCommands: ['insert'],
      writeConcernError: { code: 91, errmsg: shutdown.errmsg },
      errorLabels: shutdown.errorLabels,
    },
    ({ docs }) => docs.insertMany([{ _id: 'f' }, { _id: 'g' }]),
  ),
  failing('drop that fails', { failCommands: ['drop'], errorCode: 13 }, ({ docs }) => docs.drop()),
  failing('a command that fails', { failCommands: ['ping'], errorCode: 13 }, ({ db }) => db.command({ ping: 1 })),
];
