import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { call } from '../../drivers/driver.js';
import { fieldsOf, plain, show } from '../bson_values.js';
import { allOf } from '../options.js';
import { accepting, COMMON, define, type OperationTable } from './definition.js';

const UPLOAD = ['chunkSizeBytes', 'metadata', 'timeoutMS', 'contentType', 'disableMD5'];

/** Operations on a GridFS bucket, "GridFS Operations". */
export const bucketOperations: OperationTable = {
  delete: define(['id'], COMMON, async ({ target, args, options }) =>
    call(target, 'delete', plain(args['id']), options),
  ),
  deleteByName: define(['filename'], COMMON, async ({ target, args, options }) =>
    call(target, 'deleteByName', args['filename'], options),
  ),
  download: define(['id'], COMMON, async ({ target, args, options }) =>
    buffer(call(target, 'openDownloadStream', plain(args['id']), options) as Readable),
  ),
  downloadByName: define(['filename'], [...COMMON, 'revision'], async ({ target, args, options }) =>
    buffer(call(target, 'openDownloadStreamByName', args['filename'], options) as Readable),
  ),
  drop: define([], COMMON, async ({ target, options }) => call(target, 'drop', options)),
  find: define(['filter'], [...COMMON, 'batchSize', 'limit', 'skip', 'sort'], async ({ target, args, options }) =>
    allOf(call(target, 'find', args['filter'], options)),
  ),
  rename: define(['id', 'newFilename'], COMMON, async ({ target, args, options }) =>
    call(target, 'rename', plain(args['id']), args['newFilename'], options),
  ),
  renameByName: define(['filename', 'newFilename'], COMMON, async ({ target, args, options }) =>
    call(target, 'renameByName', args['filename'], args['newFilename'], options),
  ),
  upload: upload('openUploadStream', []),
  uploadWithId: upload('openUploadStreamWithId', ['id']),
};

function upload(method: string, first: readonly string[]): OperationTable[string] {
  return accepting(
    define([...first, 'filename', 'source'], UPLOAD, async ({ target, args, options }) => {
      const { disableMD5: _, ...known } = options;
      const ids = first.map(name => plain(args[name]));
      const stream = call(target, method, ...ids, args['filename'], known) as Writable & { readonly id: unknown };
      const finished = once(stream, 'finish');
      stream.end(bytesIn(args['source']));
      await finished;
      return stream.id;
    }),
    [],
  );
}

/** `{$$hexBytes: '…'}`. */
function bytesIn(source: unknown): Buffer {
  const hex = fieldsOf(source)?.get('$$hexBytes');
  if (typeof hex !== 'string') throw new Error(`A source is {$$hexBytes: …}, not ${show(source)}`);
  return Buffer.from(hex, 'hex');
}
