// A filter and an update with names behind dots, in the types of the official package that check them.
import type { ObjectId, StrictFilter, StrictUpdateFilter } from 'mongotempo';

interface Person {
  _id: ObjectId;
  name: string;
  home: { street: string; city: { name: string; zip: string } };
  friends: { name: string; since: Date }[];
}

export const filter: StrictFilter<Person> = { 'home.city.zip': '53111', 'friends.0.name': 'Ada' };
export const update: StrictUpdateFilter<Person> = { $set: { 'home.city.name': 'Bonn', 'friends.$.name': 'Grace' } };
