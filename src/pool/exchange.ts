import type { Attempt } from '../call/attempt.js';
import type { Deadline } from '../call/deadline.js';
import type { OperationPhase } from '../errors/base.js';
import type { Reply } from '../wire/reply.js';

/** A message that is on its way, or whose reply is awaited. */
export interface Exchange {
  readonly requestId: number;
  /** The number of the message that the next reply answers: the request, or the reply before. */
  answers: number;
  readonly attempt: Attempt;
  readonly phase: OperationPhase;
  deadline: Deadline;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  /** Of a request with more than one reply: the limit of the next. */
  readonly nextLimit: (() => Deadline) | null;
}

/** Who is told of the replies to a request that may have many. */
export interface ReplySink {
  /** Begins the time of the next reply, which follows without being asked for. */
  nextLimit(): Deadline;
  /** A reply; the last one if no more are to come. */
  onReply(reply: Reply): void;
  /** No more replies come, since the connection closed or the limit ended. Not called after the last reply. */
  onFailed(error: Error): void;
}

/** The wait for the transport. */
export interface Opening {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly deadline: Deadline;
  readonly connectTimeoutMS: number;
  /** Of the step that is being taken. */
  limit: Deadline;
}
