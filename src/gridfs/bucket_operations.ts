import { documentDecoder } from '../bson/decode.js';
import type { Document } from '../bson/index.js';
import type { Call } from '../call/call.js';
import { enter } from '../client/door.js';
import type { Inherited } from '../client/inherit.js';
import { deleteDocuments } from '../commands/delete.js';
import { dropCollection, isMissingNamespace } from '../commands/drop.js';
import { find } from '../commands/find.js';
import { update } from '../commands/update.js';
import { ReadPreference } from '../concern/read_preference.js';
import type { CursorCore } from '../cursor/cursor_core.js';
import { MongoRuntimeError } from '../errors/driver.js';
import type { Engine } from '../executor/engine.js';
import { execute } from '../executor/execute.js';
import type { Operation } from '../executor/operation.js';
import { ownOptions } from '../runtime/own_options.js';
import { type BucketPlace, checkNames, type GridFSTimeOptions } from './bucket_place.js';
import { byId, checkFilename, checkId, chunksOf } from './filters.js';
import { internalCursor, ownerOf } from './internal_cursor.js';
import { idShown } from './stored_file.js';

/** Files that are deleted by one pair of commands. */
const FILES_AT_ONCE = 1000;

/** Sends one command of a call. */
type Send = <T>(operation: Operation<T>) => Promise<T>;

/** A method of a bucket that sends several commands under one deadline. The arguments are checked before anything is connected. */
function run<T>(
  { client, files }: BucketPlace,
  method: string,
  given: GridFSTimeOptions | null | undefined,
  check: () => void,
  work: (send: Send, call: Call) => Promise<T>,
): Promise<T> {
  const { timeoutMS, signal, deadline, ...others } = ownOptions(given);
  const options = { timeoutMS, signal, deadline } as GridFSTimeOptions;
  return enter({ client, context: files }, `gridfs.${method}`, options, async call => {
    checkNames(others);
    check();
    const engine: Engine = await client.engine(call);
    return await work(operation => execute(engine, operation, null, call), call);
  });
}

/** The files document goes first: without it the chunks belong to no file (GridFS, "File deletion"). */
export function deleteFile(place: BucketPlace, id: unknown, options: GridFSTimeOptions | undefined): Promise<void> {
  const { files, chunks } = place;
  return run(
    place,
    'delete',
    options,
    () => checkId(id),
    async send => {
      const { acknowledged, deletedCount } = await send(deleteDocuments('deleteOne', files, byId(id), {}));
      await send(deleteDocuments('deleteMany', chunks, chunksOf(id), {}));
      if (acknowledged && deletedCount === 0) throw notFound(`File not found for id ${idShown(id)}`, files);
    },
  );
}

/** Deletes all files of a name, some at a time. */
export function deleteByName(
  place: BucketPlace,
  filename: string,
  options: GridFSTimeOptions | undefined,
): Promise<void> {
  const { files, chunks } = place;
  return run(
    place,
    'deleteByName',
    options,
    () => checkFilename(filename),
    async (send, call) => {
      const cursor = idsOf(place, filename, call);
      let count = 0;
      for (let isMore = true; isMore; ) {
        const ids: unknown[] = [];
        while (isMore && ids.length < FILES_AT_ONCE) {
          const file = await cursor.next(call);
          if (file === null) isMore = false;
          else ids.push(file['_id']);
        }
        if (ids.length === 0) break;
        count += ids.length;
        await send(deleteDocuments('deleteMany', files, { _id: { $in: ids } }, {}));
        await send(deleteDocuments('deleteMany', chunks, { files_id: { $in: ids } }, {}));
      }
      if (count === 0) throw notFound(`File not found for filename ${filename}`, files);
    },
  );
}

/** The ids of all files of a name, as they are stored. */
function idsOf({ client, files }: BucketPlace, filename: string, call: Call): CursorCore {
  // What is deleted must not depend on how far a secondary is.
  const readPreference = ReadPreference.primary;
  const context = { ...files, readPreference, bsonOptions: {}, decode: documentDecoder({ promoteValues: false }) };
  const open = () => find(context, { filename }, { projection: { _id: 1 } });
  return internalCursor(client, ownerOf(call), context, open);
}

export function renameFile(
  place: BucketPlace,
  id: unknown,
  filename: string,
  options: GridFSTimeOptions | undefined,
): Promise<void> {
  const check = () => {
    checkId(id);
    checkFilename(filename);
  };
  return rename(
    place,
    'rename',
    'updateOne',
    () => byId(id),
    filename,
    check,
    `File with id ${idShown(id)} not found`,
    options,
  );
}

/** Renames all files of a name. */
export function renameByName(
  place: BucketPlace,
  filename: string,
  newFilename: string,
  options: GridFSTimeOptions | undefined,
): Promise<void> {
  const check = () => {
    checkFilename(filename);
    checkFilename(newFilename);
  };
  return rename(
    place,
    'renameByName',
    'updateMany',
    () => ({ filename }),
    newFilename,
    check,
    `File with filename ${filename} not found`,
    options,
  );
}

function rename(
  place: BucketPlace,
  method: string,
  kind: 'updateOne' | 'updateMany',
  filter: () => Document,
  filename: string,
  check: () => void,
  missing: string,
  options: GridFSTimeOptions | undefined,
): Promise<void> {
  const { files } = place;
  return run(place, method, options, check, async send => {
    const { acknowledged, matchedCount } = await send(update(kind, files, filter(), { $set: { filename } }, {}));
    if (acknowledged && matchedCount === 0) throw notFound(missing, files);
  });
}

/** Drops both collections, that of the files first. */
export function dropBucket(place: BucketPlace, options: GridFSTimeOptions | undefined): Promise<void> {
  const nothing = () => undefined;
  return run(place, 'drop', options, nothing, async send => {
    for (const context of [place.files, place.chunks]) {
      try {
        await send(dropCollection(context, {}));
      } catch (error) {
        if (!isMissingNamespace(error)) throw error;
      }
    }
  });
}

function notFound(message: string, { namespace }: Inherited): MongoRuntimeError {
  return new MongoRuntimeError(message, { namespace });
}
