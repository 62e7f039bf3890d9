/** Whether a value was given. Programs in JavaScript write null for "not given" as often as they leave a field out. */
export function isGiven<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}
