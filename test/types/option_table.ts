// The link between the public type of a client's options, the table and the resolved options, as the compiler sees it. Each error here is an
// error in src/uri too if an option is added to one of them only.
import type { MongoClientOptions, UndocumentedName } from '../../src/uri/client_options.js';
import type { MongoOptions } from '../../src/uri/mongo_options.js';
import { type Option, option, type TableOf } from '../../src/uri/options/option.js';
import { boolean, integer, type Parser } from '../../src/uri/options/parsers.js';
import type { MadeField, NameIn, OptionName, PlainOptions, Table } from '../../src/uri/options/table.js';
import type { ResolvedOptions } from '../../src/uri/resolved_options.js';

declare const table: Table;
declare const plain: PlainOptions;
declare const resolved: ResolvedOptions;

// The real table has a row for each public option, and other rows for the undocumented ones only.
type Known = keyof MongoClientOptions | UndocumentedName;
table satisfies TableOf<MongoClientOptions, UndocumentedName>;
({}) as Exclude<OptionName, Known> satisfies never;
({}) as Exclude<Known, OptionName> satisfies never;

// An option that only the public type has.
interface LongerPublicType extends MongoClientOptions {
  exampleLimit?: number;
}
// @ts-expect-error -- exampleLimit is missing in the table
table satisfies TableOf<LongerPublicType, UndocumentedName>;
type Two = Pick<LongerPublicType, 'maxPoolSize' | 'exampleLimit'>;
({ maxPoolSize: option(integer(), { default: 100 }), exampleLimit: option(integer()) }) satisfies TableOf<Two>;
// @ts-expect-error -- exampleLimit is missing
({ maxPoolSize: option(integer(), { default: 100 }) }) satisfies TableOf<Two>;

// An option that only the table has.
type One = Pick<MongoClientOptions, 'maxPoolSize'>;
({ maxPoolSize: option(integer()), j: option(boolean) }) satisfies TableOf<One, 'j'>;
// @ts-expect-error -- the public type has no exampleLimit
({ maxPoolSize: option(integer()), exampleLimit: option(integer()) }) satisfies TableOf<One>;

// An option that only the resolved options have.
interface LongerResolvedOptions extends ResolvedOptions {
  readonly exampleLimit: number;
}
plain.maxPoolSize satisfies LongerResolvedOptions['maxPoolSize'];
// @ts-expect-error -- no row of the table, and so no value
plain.exampleLimit satisfies LongerResolvedOptions['exampleLimit'];
// @ts-expect-error -- resolve.ts makes no such field
resolved satisfies LongerResolvedOptions;

// An option that goes into a field that the resolved options do not have.
type Placed = { readonly exampleLimit: Option<Parser<number>, undefined, 'proxy.limit'> };
type Astray = { readonly exampleLimit: Option<Parser<number>, undefined, 'nowhere.limit'> };
export type GoesIntoProxy = Pick<ResolvedOptions, MadeField<Placed>>;
// @ts-expect-error -- there is no field `nowhere`
export type GoesNowhere = Pick<ResolvedOptions, MadeField<Astray>>;

// An option of a group that `client.options` shows by name, and that `MongoOptions` does not declare.
export type Shown = Pick<MongoOptions, NameIn<'proxy'>>;
// @ts-expect-error -- MongoOptions has no proxyLimit
export type NotShown = Pick<MongoOptions, NameIn<'proxy'> | 'proxyLimit'>;

// An option that has another type in the table.
({ maxPoolSize: option(integer(), { default: 5 }) }) satisfies TableOf<One>;
// @ts-expect-error -- the public type is a number
({ maxPoolSize: option(boolean) }) satisfies TableOf<One>;
// @ts-expect-error -- the default must be a value of the option
option(integer(), { default: 'five' });
