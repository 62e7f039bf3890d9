import { compilePipeline } from '../aggregate/pipeline.js';
import { runStages } from '../aggregate/stage.js';
import { type BsonDocument } from '../bson/document.js';
import { type Document } from '../bson/types.js';
import { type Namespace, namespaceText } from '../engine/namespace.js';
import { type Source, selectDocuments } from '../engine/select.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type Deployment } from '../replication/deployment.js';

/** A view on a view on a view…: more than this are refused, as by the server. */
const maxDepth = 20;

/** What can be read under a name: a collection, or the documents that a view shows. */
export function sourceOf(deployment: Deployment, namespace: Namespace, variables: Document = {}, depth = 0): Source {
  const collection = deployment.storage.find(namespace);
  const viewOn = collection?.options['viewOn'];
  if (typeof viewOn !== 'string') return collection;
  if (depth >= maxDepth) {
    throw new CommandError(ErrorCode.ViewDepthLimitExceeded, 'View depth too deep or view cycle detected');
  }
  const specification = collection?.options['pipeline'];
  const { filter, stages } = compilePipeline(Array.isArray(specification) ? (specification as unknown[]) : []);
  const { database } = namespace;
  const base = sourceOf(deployment, { database, collection: viewOn }, variables, depth + 1);
  return runStages(stages, selectDocuments(base, { filter, variables }), {
    variables,
    fold: undefined,
    read: other => readAll(deployment, { database, collection: other }),
  });
}

export function readAll(deployment: Deployment, namespace: Namespace): readonly BsonDocument[] {
  return selectDocuments(sourceOf(deployment, namespace), { filter: {} });
}

/** Views are only read. */
export function checkNoView(deployment: Deployment, namespace: Namespace): void {
  if (deployment.storage.find(namespace)?.options['viewOn'] === undefined) return;
  throw new CommandError(
    ErrorCode.CommandNotSupportedOnView,
    `Namespace ${namespaceText(namespace)} is a view, not a collection`,
  );
}
