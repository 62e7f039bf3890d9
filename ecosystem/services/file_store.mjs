// Uploads and downloads of files by HTTP, kept in GridFS.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { GridFSBucket, MongoClient, MongoRuntimeError, ObjectId } from 'mongodb';

export async function startFiles(uri) {
  const client = await new MongoClient(uri).connect();
  const bucket = new GridFSBucket(client.db('service'), { bucketName: 'uploads', chunkSizeBytes: 64 * 1024 });

  async function answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, 'http://files');
    const name = pathname.slice(1);
    if (request.method === 'PUT') {
      const hash = createHash('sha256');
      const upload = bucket.openUploadStream(name, { metadata: { type: request.headers['content-type'] } });
      request.on('data', chunk => hash.update(chunk));
      await pipeline(request, upload);
      response.writeHead(201).end(JSON.stringify({ id: upload.id, length: upload.length, sha256: hash.digest('hex') }));
    } else if (request.method === 'GET' && name === '') {
      const files = await bucket.find({}, { sort: { filename: 1, uploadDate: 1 } }).toArray();
      response.end(JSON.stringify(files.map(({ filename, length, metadata }) => ({ filename, length, metadata }))));
    } else if (request.method === 'GET' && !(await bucket.find({ filename: name }).hasNext())) {
      response.writeHead(404).end();
    } else if (request.method === 'GET') {
      const range = searchParams.has('start')
        ? { start: Number(searchParams.get('start')), end: Number(searchParams.get('end')) }
        : {};
      const revision = Number(searchParams.get('revision') ?? -1);
      await pipeline(bucket.openDownloadStreamByName(name, { revision, ...range }), response);
    } else if (request.method === 'PATCH') {
      await bucket.rename(new ObjectId(name), searchParams.get('to'));
      response.writeHead(204).end();
    } else {
      await bucket.delete(new ObjectId(name));
      response.writeHead(204).end();
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(error => {
      const missing = error instanceof MongoRuntimeError || error.code === 'ENOENT';
      if (response.headersSent) response.destroy();
      else response.writeHead(missing ? 404 : 500).end(error.message);
    });
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
      await client.close();
    },
  };
}
