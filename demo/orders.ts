import type { ObjectId } from 'mongotempo';

/** What the demo stores. Money is in cents. */
export interface Order {
  _id?: ObjectId;
  /** Counts from 1; no two orders have the same. */
  number: number;
  placedAt: Date;
  customer: { id: number; name: string; city: string };
  items: { product: string; quantity: number; price: number }[];
  total: number;
  status: 'open' | 'paid' | 'shipped' | 'returned';
  /** How often the order was changed. */
  revision: number;
  note?: string;
}

const FIRST_NAMES = ['Ada', 'Ben', 'Chloe', 'Deniz', 'Elif', 'Femi', 'Grete', 'Hugo', 'Ines', 'Jonas', 'Kenji', 'Lea'];
const LAST_NAMES = ['Adler', 'Brown', 'Costa', 'Dubois', 'Eriksen', 'Fischer', 'Garcia', 'Haddad', 'Ito', 'Jensen'];
const CITIES = ['Lisbon', 'Hamburg', 'Oslo', 'Lyon', 'Krakow', 'Dublin', 'Turin', 'Ghent'];
const PRODUCTS: readonly (readonly [string, number])[] = [
  ['green tea, 100 g', 690],
  ['black tea, 250 g', 1140],
  ['tea pot, glass', 3490],
  ['cup, porcelain', 1250],
  ['coffee, 1 kg', 2180],
  ['coffee grinder', 7900],
  ['filter papers', 320],
  ['kettle, 1.2 l', 4590],
  ['honey, 500 g', 880],
  ['oat biscuits', 290],
];
const STATUSES: readonly Order['status'][] = ['open', 'paid', 'shipped', 'shipped', 'shipped', 'returned'];
const CUSTOMERS = 400;
const FIRST_DAY = Date.UTC(2025, 0, 1);
const MINUTES_PER_ORDER = 90;

/** The same orders at each run: order n depends on n alone. */
export function makeOrder(number: number): Order {
  const random = generator(number);
  const items = Array.from({ length: 1 + Math.floor(random() * 4) }, () => {
    const [product, price] = pick(PRODUCTS, random());
    return { product, quantity: 1 + Math.floor(random() * 3), price };
  });
  // Some customers order more often than others.
  const id = 1 + Math.floor(random() ** 2 * CUSTOMERS);
  const customer = generator(-id);
  return {
    number,
    placedAt: new Date(FIRST_DAY + (number * MINUTES_PER_ORDER + Math.floor(random() * 60)) * 60_000),
    customer: {
      id,
      name: `${pick(FIRST_NAMES, customer())} ${pick(LAST_NAMES, customer())}`,
      city: pick(CITIES, customer()),
    },
    items,
    total: items.reduce((sum, { quantity, price }) => sum + quantity * price, 0),
    status: pick(STATUSES, random()),
    revision: 0,
  };
}

export function euros(cents: number): string {
  return `${(cents / 100).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} EUR`;
}

/** Pseudo-random numbers in [0, 1) that a seed determines (mulberry32). */
export function generator(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(values: readonly T[], position: number): T {
  return values[Math.floor(position * values.length)] as T;
}
