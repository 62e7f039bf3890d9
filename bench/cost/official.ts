import { createRequire } from 'node:module';
import type { registerInstrumentations } from '@opentelemetry/instrumentation';
import type { MongoDBInstrumentation } from '@opentelemetry/instrumentation-mongodb';
import { BasicTracerProvider, NoopSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type * as Official from 'mongodb';
import { COLLECTION, DATABASE, FIND_ONE_FILTER } from '../ops/documents.js';

/** Only the process that needs a package loads it: this package warns of the instrumentation, and the instrumentation patches what is loaded after it. */
const load = createRequire(__filename);

/** @returns the collection of the official driver */
export async function connectOfficial(uri: string, connections: number): Promise<Official.Collection> {
  const { MongoClient } = load('mongodb') as typeof Official;
  const client = new MongoClient(uri, { maxPoolSize: connections, minPoolSize: connections });
  await client.connect();
  return client.db(DATABASE).collection(COLLECTION);
}

/** The same with the spans of `@opentelemetry/instrumentation-mongodb`, which go nowhere. */
export async function connectInstrumented(uri: string, connections: number): Promise<Official.Collection> {
  let spans = 0;
  class Counting extends NoopSpanProcessor {
    override onStart(): void {
      spans++;
    }
  }
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new Counting()] });
  const { registerInstrumentations: register } = load('@opentelemetry/instrumentation') as {
    registerInstrumentations: typeof registerInstrumentations;
  };
  register({ tracerProvider, instrumentations: [instrumentationOfAnyVersion()] });
  const users = await connectOfficial(uri, connections);
  spans = 0;
  await users.findOne(FIND_ONE_FILTER);
  if (spans !== 1) throw new Error(`The instrumentation made ${spans} spans for a findOne`);
  return users;
}

/** The instrumentation knows versions of the official driver below 7, and what it patches has stayed the same. */
function instrumentationOfAnyVersion(): MongoDBInstrumentation {
  const { MongoDBInstrumentation: Instrumentation } = load('@opentelemetry/instrumentation-mongodb') as {
    MongoDBInstrumentation: typeof MongoDBInstrumentation;
  };
  class OfAnyVersion extends Instrumentation {
    override init(): ReturnType<MongoDBInstrumentation['init']> {
      const definitions = super.init();
      for (const definition of definitions) {
        definition.supportedVersions = definition.supportedVersions.map(withoutEnd);
        for (const file of definition.files) file.supportedVersions = file.supportedVersions.map(withoutEnd);
      }
      return definitions;
    }
  }
  return new OfAnyVersion({ requireParentSpan: false });
}

function withoutEnd(range: string): string {
  return range.replace(/ <7$/, '');
}
