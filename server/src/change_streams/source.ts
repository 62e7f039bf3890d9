import { Timestamp } from 'bson';
import { type Stage, type StageEnvironment } from '../aggregate/stage.js';
import { BsonDocument } from '../bson/document.js';
import { type Document } from '../bson/types.js';
import { maxBsonObjectSize } from '../engine/collection.js';
import { type DocumentSource } from '../engine/cursors.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { valuesEqual } from '../query/compare.js';
import { type Oplog, type OplogEntry } from '../replication/oplog.js';
import { type Signal } from '../runtime/signal.js';
import { eventOf, invalidateEvent, invalidates, isWatched, type LookUp } from './event.js';
import { type ChangeStreamOptions } from './options.js';
import { encodeResumeToken, type ResumePoint } from './resume_token.js';
import { splitLargeEvent } from './split.js';

export interface ChangeStreamPlan {
  readonly options: ChangeStreamOptions;
  readonly stages: readonly Stage[];
  readonly environment: StageEnvironment;
  /** `$changeStreamSplitLargeEvent` is the last stage. */
  readonly splits: boolean;
  readonly lookUp: LookUp;
  readonly now: () => Timestamp;
}

/** Reads the oplog as a change stream. */
export class ChangeStreamSource implements DocumentSource {
  readonly #oplog: Oplog;
  readonly #plan: ChangeStreamPlan;
  /** Events that were made and not yet read. */
  readonly #ready: BsonDocument[] = [];
  /** The next entry to look at. */
  #position: number;
  /** Fragments of the first event that the client has already. */
  #skippedFragments: number;
  #lastRead: Document | undefined;
  #startPoint: ResumePoint;
  #isInvalidated = false;

  constructor(oplog: Oplog, plan: ChangeStreamPlan) {
    this.#oplog = oplog;
    this.#plan = plan;
    const { start } = plan.options;
    this.#skippedFragments = 0;
    const present: ResumePoint = { time: plan.now(), position: oplog.last, kind: 'highWaterMark', fragment: 0 };
    if (start === undefined) {
      this.#position = oplog.last + 1;
      this.#startPoint = present;
    } else if (start instanceof Timestamp) {
      this.#position = oplog.positionAt(start);
      // A time before the oldest entry that is kept.
      if (this.#position === oplog.first && oplog.first > 1) throw historyLost();
      this.#startPoint = { ...present, time: start, position: this.#position - 1 };
    } else {
      this.#startPoint = start;
      this.#skippedFragments = start.fragment;
      this.#position = start.fragment > 0 ? start.position : start.position + 1;
      this.#checkHistory(start);
    }
  }

  get isDone(): boolean {
    return this.#isInvalidated && this.#ready.length === 0;
  }

  get changes(): Signal {
    return this.#oplog.appended;
  }

  /** That of the last event if there is nothing after it yet, else that of all that was looked at. */
  get resumeToken(): Document {
    this.#fill();
    if (this.#ready.length > 0) return this.#lastRead ?? encodeResumeToken(this.#startPoint);
    const scanned = this.#position - 1;
    const entry = this.#oplog.at(scanned);
    if (entry !== undefined && this.#lastRead !== undefined && this.#lastReadPosition === scanned)
      return this.#lastRead;
    if (scanned <= this.#startPoint.position) return encodeResumeToken(this.#startPoint);
    return encodeResumeToken({
      time: entry?.time ?? this.#startPoint.time,
      position: scanned,
      kind: 'highWaterMark',
      fragment: 0,
    });
  }

  #lastReadPosition = -1;

  peek(): BsonDocument | undefined {
    this.#fill();
    return this.#ready[0];
  }

  advance(): void {
    const read = this.#ready.shift();
    this.#lastRead = read?.value['_id'] as Document;
    this.#lastReadPosition = this.#position - 1;
  }

  /** Makes events until there is one, or no entry is left. */
  #fill(): void {
    while (this.#ready.length === 0 && !this.#isInvalidated) {
      const entry = this.#oplog.at(this.#position);
      if (entry === undefined) return;
      this.#position++;
      if (!isWatched(entry, this.#plan.options)) continue;
      this.#take(entry);
    }
  }

  #take(entry: OplogEntry): void {
    const { options, lookUp } = this.#plan;
    this.#push(eventOf(entry, options, lookUp));
    if (!invalidates(entry, options)) return;
    this.#push(invalidateEvent(entry));
    this.#isInvalidated = true;
  }

  /** Through the stages of the client, which may drop it and change all but its _id. */
  #push(event: Document): void {
    const { stages, environment, splits } = this.#plan;
    const token = event['_id'];
    let documents: readonly BsonDocument[] = [BsonDocument.fromValue(event)];
    for (const stage of stages) documents = stage(documents, environment);
    for (const { value } of documents) {
      if (!valuesEqual(value['_id'], token)) throw modifiedToken(token);
      const parts = splits ? splitLargeEvent(value).slice(this.#skippedFragments) : [value];
      this.#skippedFragments = 0;
      for (const part of parts) this.#ready.push(checkSize(BsonDocument.fromValue(part)));
    }
  }

  /** What a token stands for must still be there. */
  #checkHistory({ position }: ResumePoint): void {
    if (position + 1 < this.#oplog.first || position > this.#oplog.last) throw historyLost();
  }
}

function historyLost(): CommandError {
  return new CommandError(
    ErrorCode.ChangeStreamHistoryLost,
    'Resume of change stream was not possible, as the resume point may no longer be in the oplog.',
    { errorLabels: ['NonResumableChangeStreamError'] },
  );
}

function checkSize(document: BsonDocument): BsonDocument {
  if (document.bytes.length <= maxBsonObjectSize + 16 * 1024) return document;
  throw new CommandError(
    ErrorCode.BSONObjectTooLarge,
    `BSONObj size: ${document.bytes.length} is invalid. Size must be between 0 and 16793600(16MB)`,
    { errorLabels: ['NonResumableChangeStreamError'] },
  );
}

function modifiedToken(token: unknown): CommandError {
  return new CommandError(
    ErrorCode.ChangeStreamFatalError,
    `Encountered an event whose _id field, which contains the resume token, was modified by the pipeline. Modifying the _id field of an event makes it impossible to resume the stream from that point. Only transformations that retain the unmodified _id field are allowed. Expected: ${JSON.stringify({ _id: token })}`,
    { errorLabels: ['NonResumableChangeStreamError'] },
  );
}
