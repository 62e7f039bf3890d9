// Views of the table: names and spellings, types of values, and places in the resolved options.
import { OPTIONS } from '../client_options.js';
import type { Option, Parsed } from './option.js';

export type Table = typeof OPTIONS;

export type OptionName = keyof Table;

type GivenValue<Name extends OptionName> = Parsed<Table[Name]['parser']>;

/** Values from one place: only what was given there. */
export type GivenValues = { [Name in OptionName]?: GivenValue<Name> };

/** A value for each option: the one given, or its default. */
export type OptionValues = { readonly [Name in OptionName]: GivenValue<Name> | Table[Name]['default'] };

export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

/** The row of an option, without its type of value. */
export function optionNamed(name: OptionName): Option {
  return OPTIONS[name];
}

// ---- Names

const BY_SPELLING = new Map<string, OptionName>(
  OPTION_NAMES.flatMap(name =>
    [name, ...(optionNamed(name).spellings ?? [])].map(spelling => [spelling, name] as const),
  ),
);

const BY_LOWER_CASE = new Map([...BY_SPELLING].map(([spelling, name]) => [spelling.toLowerCase(), name]));

/** Names of a program's options are compared without case too, as in the official driver. */
export function optionOfProgram(spelling: string): OptionName | undefined {
  return BY_SPELLING.get(spelling) ?? BY_LOWER_CASE.get(spelling.toLowerCase());
}

/** Names in a connection string are compared without case. */
export function optionOfUri(key: string): OptionName | undefined {
  return BY_LOWER_CASE.get(key.toLowerCase());
}

// ---- Places in `ResolvedOptions`

type Into<Name extends OptionName> = Table[Name]['into'];

/** The names of the options with this `into`. */
export type NameInto<Place extends string | undefined> = {
  [Name in OptionName]: Into<Name> extends Place ? Name : never;
}[OptionName];

/** The options whose value stands in `ResolvedOptions` as it is, under their own name. */
export type PlainOptions = Pick<OptionValues, NameInto<undefined>>;

const PLAIN_NAMES = OPTION_NAMES.filter(name => optionNamed(name).into === undefined);

export function plainOptions(values: OptionValues): PlainOptions {
  return Object.fromEntries(PLAIN_NAMES.map(name => [name, values[name]])) as unknown as PlainOptions;
}

/** The fields of `ResolvedOptions` that some option goes into. */
export type MadeField<Rows extends Readonly<Record<keyof Rows, Option>> = Table> = {
  [Name in keyof Rows]: FirstOf<NonNullable<Rows[Name]['into']>>;
}[keyof Rows];

type FirstOf<Path extends string> = Path extends `${infer Field}.${string}` ? Field : Path;

type FieldIn<Group extends string, Name extends OptionName> =
  Into<Name> extends `${Group}.${infer Field}`
    ? Field extends '*'
      ? Name
      : Field extends `${string}.${string}`
        ? never
        : Field
    : never;

/** The names of the options that a group holds. */
export type NameIn<Group extends string> = {
  [Name in OptionName]: FieldIn<Group, Name> extends never ? never : Name;
}[OptionName];

/** The values that a group holds, by its fields. */
export type GroupOf<Group extends string> = {
  readonly [Name in OptionName as FieldIn<Group, Name>]: OptionValues[Name];
};

interface Placed {
  readonly name: OptionName;
  readonly field: string;
  readonly secret: boolean;
}

const GROUPS = new Map<string, Placed[]>();
for (const name of OPTION_NAMES) {
  const { into = '', secret = false } = optionNamed(name);
  const dot = into.lastIndexOf('.');
  if (dot === -1) continue;
  const placed = GROUPS.get(into.slice(0, dot)) ?? [];
  placed.push({ name, field: into.endsWith('*') ? name : into.slice(dot + 1), secret });
  GROUPS.set(into.slice(0, dot), placed);
}

/** The options that a group holds, with their fields in it. */
export function optionsIn(group: string): readonly Placed[] {
  return GROUPS.get(group) ?? [];
}

export function groupOf<Group extends string>(group: Group, values: OptionValues): GroupOf<Group> {
  return Object.fromEntries(optionsIn(group).map(({ name, field }) => [field, values[name]])) as GroupOf<Group>;
}
