// Filters that are checked whole. Each error here is one: a comment that expects an error where there is none does not compile.
import { type Collection, type Db, Decimal128, type ExactFilter, exact, Long, ObjectId, UUID } from 'mongotempo';
import type { Category, Order } from './schema.js';

type F = ExactFilter<Order>;
const price = Decimal128.fromString('9.99');

export const filters: F[] = [
  {},
  { _id: new ObjectId(), status: 'new', placedAt: { $lt: new Date() } },
  { _id: { $in: [new ObjectId()] }, 'customer.name': /^A/, 'customer.points': Long.fromNumber(3) },
  // Five levels deep, and a field that may be absent.
  { 'customer.contact.address.position.lat': { $gte: 50, $lt: 51 }, 'customer.email': null },
  { 'customer.contact.address.position.accuracy': { $exists: false } },
  // A document as a whole.
  { 'customer.contact.address.position': { lat: 1, lon: 2 } },
  // A document that may be null, and a union of documents.
  { 'customer.contact.billing': null, 'customer.contact.billing.city': 'Bonn', 'payment.kind': 'card' },
  { 'payment.digits': '4242', 'payment.bank.account': { $gt: 3 } },
  // Arrays: any item, one by its index, several operators on one item.
  { notes: 'fragile', 'notes.0': /^f/, numbers: { $gt: 3 }, 'numbers.2': 5, 'matrix.0.1': 3 },
  { 'items.quantity': 2, 'items.0.quantity': { $mod: [2, 0] }, 'items.product.price': price },
  { 'items.discounts.valid.from': new Date(), 'items.3.discounts.0.valid.to': { $gt: new Date() } },
  { 'items.3.discounts.valid.to': new Date(), 'items.discounts.1.code': 'x', 'items.0.discounts.0': { $exists: true } },
  { items: { $elemMatch: { quantity: { $gt: 1 }, 'product.size.depth.unit': 'cm', 'discounts.0.code': 'x' } } },
  { items: { $size: 2 }, notes: { $all: ['a', /b/], $elemMatch: { $regex: 'a', $options: 'i' } } },
  // Dictionaries.
  { 'customer.flags.gift': true, 'items.labels': new Map(), 'extra.anything.goes': 3 },
  // Logic, expressions.
  { $or: [{ status: 'new' }, { $and: [{ 'customer.name': 'a' }] }], $nor: [{ status: { $ne: 'paid' } }] },
  { status: { $not: { $in: ['new'] } }, 'customer.name': { $not: /x/ }, $expr: { $gt: ['$a', '$b'] }, $comment: 'why' },
];

const name = 'customer.name';
export const computed: F = { [name]: 'Ada' };

// @ts-expect-error -- a name that is not in the schema
export const typo: F = { stauts: 'new' };
// @ts-expect-error -- five levels deep
export const deepTypo: F = { 'customer.contact.address.position.lng': 3 };
// @ts-expect-error -- in an item
export const itemTypo: F = { 'items.quantty': 3 };
// @ts-expect-error -- in an item with an index
export const indexTypo: F = { 'items.0.quantty': 3 };
// @ts-expect-error -- in an item of an item, with one index
export const mixedTypo: F = { 'items.discounts.0.cod': 'x' };
// @ts-expect-error -- a path through what is no document
export const throughLeaf: F = { 'status.length': 3 };
// @ts-expect-error -- in a document given as a whole
export const wholeTypo: F = { 'customer.contact.address.position': { lat: 1, lng: 2 } };
// @ts-expect-error -- a string is no state of an order
export const wrongLiteral: F = { status: 'lost' };
// @ts-expect-error -- an ObjectId is no string
export const wrongId: F = { _id: 'abc' };
// @ts-expect-error -- nor another binary value
export const wrongUUID: F = { _id: new UUID() };
// @ts-expect-error -- five levels deep
export const deepType: F = { 'customer.contact.address.position.lat': '50' };
// @ts-expect-error -- a decimal is no number
export const wrongDecimal: F = { 'items.product.price': 9.99 };
// @ts-expect-error -- with an index
export const wrongItem: F = { 'items.0.discounts.1.valid.to': 'tomorrow' };
// @ts-expect-error -- a date is no string
export const wrongDate: F = { placedAt: { $lt: '2020-01-01' } };
// @ts-expect-error -- no item of the array has this type
export const wrongElement: F = { notes: 3 };
// @ts-expect-error -- a field that is always there is never null
export const wrongNull: F = { 'customer.name': null };
// @ts-expect-error -- an operator that does not exist
export const wrongOperator: F = { 'customer.name': { $equals: 'x' } };
// @ts-expect-error -- an operator for strings
export const wrongRegex: F = { placedAt: { $regex: 'x' } };
// @ts-expect-error -- an operator for arrays
export const wrongSize: F = { status: { $size: 3 } };
// @ts-expect-error -- an operator for numbers
export const wrongMod: F = { 'customer.name': { $mod: [2, 0] } };
// @ts-expect-error -- an operator for arrays of documents
export const wrongElemMatch: F = { items: { $elemMatch: { quantty: 3 } } };
// @ts-expect-error -- $in takes a list
export const wrongIn: F = { status: { $in: 'new' } };
// @ts-expect-error -- each of the list
export const wrongInItem: F = { status: { $in: ['new', 'lost'] } };
// @ts-expect-error -- in $or
export const wrongOr: F = { $or: [{ status: 'new' }, { 'customer.nmae': 'x' }] };
// @ts-expect-error -- an operator of a document that does not exist
export const wrongRoot: F = { $xor: [{ status: 'new' }] };
// @ts-expect-error -- of no kind of payment
export const wrongUnion: F = { 'payment.bank.digits': 3 };
// @ts-expect-error -- a value of a dictionary
export const wrongFlag: F = { 'customer.flags.gift': 'yes' };

// A type that holds itself is checked to its first repetition; below, any name goes.
export const categories: ExactFilter<Category>[] = [
  { name: 'a', 'parent.name': 'b', 'children.0.children.1.name': 'c' },
];
// @ts-expect-error -- outside of the repetition
export const wrongCategory: ExactFilter<Category> = { nmae: 'a' };

// A schema with other names than its own lets others through, and checks its own.
interface Open {
  name: string;
  [other: string]: unknown;
}
export const open: ExactFilter<Open> = { name: 'a', other: 3 };
// @ts-expect-error -- its own name
export const wrongOpen: ExactFilter<Open> = { name: 3 };

export async function use(db: Db, plain: Collection<Order>): Promise<string[]> {
  const orders = exact(db.collection<Order>('orders'));
  const found = await orders.find({ 'customer.contact.address.city': 'Bonn' }).sort({ placedAt: -1 }).toArray();
  const one = await exact(plain).findOne({ 'items.0.product.sku': 'a' });
  const statuses: ('new' | 'paid' | 'sent')[] = await orders.distinct('status', { 'customer.name': 'Ada' });
  await orders.deleteMany({ status: 'sent' });
  // @ts-expect-error -- a typo
  await orders.countDocuments({ 'customer.nmae': 'x' });
  // @ts-expect-error -- a wrong type
  await orders.deleteOne({ 'items.0.quantity': '3' });
  return [...found.map(({ customer }) => customer.name), one?.status ?? '', ...statuses];
}
