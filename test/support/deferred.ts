/** A promise with its two ends in reach. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  declare resolve: (value: T | PromiseLike<T>) => void;
  declare reject: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}
