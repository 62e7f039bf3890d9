/** For whom a connection works: what errors and events say of the operation. */
export interface Purpose {
  /** Name of the command: `insert`, `find`, … */
  readonly name: string;
  /** `database.collection`, or `database`. */
  readonly namespace: string;
  /** The same for all attempts and all events of one operation. */
  readonly operationId: number;
  /** 1 for the first attempt. */
  readonly attempt: number;
}
