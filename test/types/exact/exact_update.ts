// Updates that are checked whole.
import { type Db, Decimal128, type ExactUpdateFilter, exact, Long, type ObjectId } from 'mongotempo';
import type { Order } from './schema.js';

type U = ExactUpdateFilter<Order>;
const price = Decimal128.fromString('9.99');

export const updates: U[] = [
  { $set: { status: 'paid', 'customer.contact.address.position.lat': 3 }, $unset: { 'customer.email': '' } },
  {
    $set: { 'items.0.quantity': 3, 'items.$.product.price': price, 'items.$[].quantity': 1, 'items.$[x].quantity': 2 },
  },
  { $inc: { 'items.$.quantity': 1, 'customer.points': Long.fromNumber(2) }, $mul: { 'numbers.0': 2 } },
  { $push: { notes: 'a', numbers: { $each: [1, 2], $slice: -5, $sort: 1 }, 'items.0.discounts': { $each: [] } } },
  { $addToSet: { notes: { $each: ['a', 'b'] } }, $pop: { numbers: 1 }, $pullAll: { notes: ['a'] } },
  { $pull: { notes: { $in: ['a', 'b'] }, items: { quantity: { $lt: 1 }, 'product.sku': 'x' }, numbers: 3 } },
  { $currentDate: { placedAt: true }, $rename: { 'customer.name': 'customer.title' }, $min: { placedAt: new Date() } },
];

// @ts-expect-error -- a name that is not in the schema
export const typo: U = { $set: { stauts: 'paid' } };
// @ts-expect-error -- five levels deep
export const deepTypo: U = { $set: { 'customer.contact.address.position.lng': 3 } };
// @ts-expect-error -- an update says which item
export const noItem: U = { $set: { 'items.quantity': 3 } };
// @ts-expect-error -- in an item
export const itemTypo: U = { $set: { 'items.$.quantty': 3 } };
// @ts-expect-error -- five levels deep
export const deepType: U = { $set: { 'customer.contact.address.position.lat': '3' } };
// @ts-expect-error -- in an item
export const itemType: U = { $set: { 'items.$[x].quantity': 'three' } };
// @ts-expect-error -- a string is no number
export const wrongInc: U = { $inc: { 'customer.name': 1 } };
// @ts-expect-error -- a string is no array
export const wrongPush: U = { $push: { 'customer.name': 'x' } };
// @ts-expect-error -- an item of another type
export const wrongPushItem: U = { $push: { notes: { $each: [3] } } };
// @ts-expect-error -- a condition on an item of another type
export const wrongPull: U = { $pull: { items: { quantty: 3 } } };
// @ts-expect-error -- a name is no date
export const wrongDate: U = { $currentDate: { 'customer.name': true } };
// @ts-expect-error -- an operator that does not exist
export const wrongOperator: U = { $put: { status: 'paid' } };

export async function use(db: Db, id: ObjectId): Promise<boolean> {
  const orders = exact(db.collection<Order>('orders'));
  const { matchedCount } = await orders.updateOne({ _id: id }, { $set: { status: 'paid' } });
  // @ts-expect-error -- a wrong type
  await orders.updateMany({ _id: id }, { $set: { 'customer.name': 3 } });
  // @ts-expect-error -- a typo
  await orders.findOneAndUpdate({ _id: id }, { $inc: { 'items.0.quantty': 3 } });
  return matchedCount === 1;
}
