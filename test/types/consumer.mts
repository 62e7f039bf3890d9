// The same classes by `import` as by `require`.
import { MongoClient, MongoError } from 'mongotempo';

export const client: MongoClient = new MongoClient('mongodb://localhost');
export const error: MongoError = new MongoError('');
