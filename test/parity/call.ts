import type { Collection, Db, MongoClient, ObjectId } from 'mongodb';

/** What a call works with; both drivers have the same interface. */
export interface Subject {
  readonly client: MongoClient;
  readonly db: Db;
  readonly admin: Db;
  /** A collection with the documents {_id: 0 … 9, n: 0 … 9, tag: 'even' | 'odd'}, new for each call. */
  readonly docs: Collection<Item>;
}

export interface Item {
  _id: string | number | ObjectId;
  n?: number;
  tag?: string;
  [key: string]: unknown;
}

export interface Call {
  readonly name: string;
  readonly run: (subject: Subject) => unknown;
}

export function call(name: string, run: (subject: Subject) => unknown): Call {
  return { name, run };
}

/** A call under a fail point that hits it once. */
export function failing(name: string, data: object, run: (subject: Subject) => unknown): Call {
  return call(name, async subject => {
    await subject.admin.command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data });
    try {
      return await run(subject);
    } finally {
      await subject.admin.command({ configureFailPoint: 'failCommand', mode: 'off' });
    }
  });
}
