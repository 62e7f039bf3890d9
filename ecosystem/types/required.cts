import mongodb = require('mongodb');

import { type Collection, MongoClient } from 'mongodb';

const client: mongodb.MongoClient = new MongoClient('mongodb://localhost');
export const pets: Collection<{ name: string }> = client.db().collection<{ name: string }>('pets');
export const id: mongodb.ObjectId = new mongodb.ObjectId();
