/** A server as an operation knew it that waited for one in vain. @public */
export interface ServerFacts {
  /** `host:port`, or the path of a Unix socket. */
  readonly address: string;
  /** `RSPrimary`, `RSSecondary`, `Unknown`, … */
  readonly type: string;
  /** Milliseconds of a round trip, on average; undefined while none was measured. */
  readonly roundTripTimeMS: number | undefined;
  /** The last error of the server; undefined while it has none. */
  readonly error: string | undefined;
  /** Milliseconds since that error. */
  readonly errorAgeMS: number | undefined;
}

/** A deployment as an operation knew it that waited for a server in vain. Plain values, for logs. @public */
export interface TopologyFacts {
  /** `ReplicaSetNoPrimary`, `Single`, … */
  readonly type: string;
  /** What the operation wanted: `primary`, `secondary`, … */
  readonly wanted: string;
  readonly servers: readonly ServerFacts[];
}
