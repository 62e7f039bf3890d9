import type { Binary, Decimal128, Long, ObjectId } from 'mongotempo';

interface Position {
  lat: number;
  lon: number;
  accuracy?: number;
}

interface Address {
  street: string;
  city: string;
  position: Position;
  tags: string[];
}

interface Customer {
  _id: ObjectId;
  name: string;
  email?: string;
  contact: { phones: { kind: 'home' | 'work'; number: string }[]; address: Address; billing: Address | null };
  avatar?: Binary;
  points: Long;
  flags: Record<string, boolean>;
}

interface Item {
  product: { sku: string; price: Decimal128; size: { width: number; depth: { value: number; unit: 'cm' | 'in' } } };
  quantity: number;
  discounts: { code: string; amount: Decimal128; valid: { from: Date; to: Date } }[];
  labels: Map<string, string>;
}

/** Documents within documents within arrays: five levels, such as `customer.contact.address.position.lat`. */
export interface Order {
  _id: ObjectId;
  customer: Customer;
  items: Item[];
  status: 'new' | 'paid' | 'sent';
  placedAt: Date;
  payment: { kind: 'card'; digits: string } | { kind: 'transfer'; bank: { code: string; account: number } };
  notes: string[];
  numbers: number[];
  matrix: number[][];
  extra: unknown;
}

/** A document that holds documents of its own type. */
export interface Category {
  _id: string;
  name: string;
  parent: Category | null;
  children: Category[];
}
