import type { Document, ObjectId } from '../bson/index.js';

/** A file, as it stands in the files collection of a bucket. @public */
export interface GridFSFile {
  _id: ObjectId;
  /** Size of the file in bytes. */
  length: number;
  /** Size of each chunk in bytes, but for the last. */
  chunkSize: number;
  filename: string;
  /** What the program keeps with the file. */
  metadata?: Document;
  /** When the upload was finished. */
  uploadDate: Date;
}

/** A part of a file, as it stands in the chunks collection of a bucket. @public */
export interface GridFSChunk {
  _id: ObjectId;
  /** The `_id` of the file. */
  files_id: ObjectId;
  /** Position of the chunk in the file, from 0 on. */
  n: number;
  data: Buffer | Uint8Array;
}
