import type { MongoClient } from 'mongotempo';
import { Recorder } from './recorder.js';
import { WebServer } from './web_server.js';

/** Options of {@link monitorPage}. */
export interface MonitorPageOptions {
  /** The port on 127.0.0.1. Default 0, which is any that is free. */
  readonly port?: number;
}

/** A page that is being served. */
export interface MonitorPage extends AsyncDisposable {
  /** Where the page is: `http://127.0.0.1:41234/`. */
  readonly url: string;
  readonly port: number;
  /** Ends the page and takes all its listeners from the client. The client stays as it is. */
  close(): Promise<void>;
}

const TICK_MS = 1000;

/**
 * Serves a page that shows what a client does, on 127.0.0.1 only and for reading only. No documents, no credentials and no messages of servers are shown. The page
 * does not keep the process alive, and does not close the client.
 *
 * With the client option `statistics: true` the page has throughput, latencies and timeouts; without it, the rest.
 *
 * @throws TypeError if the port is none; an error of the system (`EADDRINUSE`) if it cannot be listened on
 */
export async function monitorPage(client: MongoClient, options: MonitorPageOptions = {}): Promise<MonitorPage> {
  const { port = 0 } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new TypeError(`port must be an integer from 0 to 65535, got ${String(port)}`);
  }
  const recorder = new Recorder(client);
  let web: WebServer;
  try {
    web = await WebServer.listen(port, {
      first: () => recorder.history,
      onStreams: count => recorder.watched(count > 0),
    });
  } catch (error) {
    recorder.close();
    throw error;
  }
  web.unref();
  const timer = setInterval(() => web.send('state', recorder.tick(Date.now())), TICK_MS).unref();
  const close = async (): Promise<void> => {
    clearInterval(timer);
    recorder.close();
    await web.close();
  };
  return { url: web.url, port: web.port, close, [Symbol.asyncDispose]: close };
}
