import { MongoDBAdapter } from '@auth/mongodb-adapter';
import { MongoClient } from 'mongodb';

const client = new MongoClient('mongodb://localhost');
export const adapter = MongoDBAdapter(client, { onClose: async own => own.close() });
