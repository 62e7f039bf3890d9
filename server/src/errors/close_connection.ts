/** Thrown when a command is not answered: its connection is closed instead. */
export class CloseConnection extends Error {
  override readonly name = 'CloseConnection';
}
