/** What a driver did is not what the test expects; never an error that a test may expect. */
export class TestFailure extends Error {
  override readonly name = 'TestFailure';
}
