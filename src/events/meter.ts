/**
 * Takes measurements of what happens too often to build an event for each: a few numbers for each operation. The publisher has at most one. A meter must
 * not throw.
 */
export interface Meter {
  /**
   * The call of a public method has ended.
   *
   * @param name - the method: `insertOne`; of a cursor `find.toArray`
   * @param address - the server that its last command was sent to; null if it reached none
   * @param failure - what it failed with; undefined if it succeeded
   * @param aborted - whether it failed with the reason of the caller's own signal
   */
  operationEnded(name: string, address: string | null, durationMS: number, failure: unknown, aborted: boolean): void;
  /** An operation has got a connection. */
  checkedOut(address: string, waitedMS: number): void;
  /** A round trip to a server was measured by its monitor. */
  roundTrip(address: string, durationMS: number): void;
}
