/** @public */
export type SortDirection = 1 | -1 | 'asc' | 'desc' | 'ascending' | 'descending' | { readonly $meta: string };

/** @public */
export type Sort =
  | string
  | 1
  | -1
  | { readonly [key: string]: SortDirection }
  | ReadonlyMap<string, SortDirection>
  | readonly (readonly [string, SortDirection])[]
  | readonly [string, SortDirection]
  | readonly string[];

/** @public */
export type SortDirectionForCmd = 1 | -1 | { $meta: string };

/** A sort as it is sent. @public */
export type SortForCmd = Map<string, SortDirectionForCmd>;
