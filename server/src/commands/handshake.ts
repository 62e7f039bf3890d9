import { type Document, isDocument } from '../bson/types.js';
import { type ConnectionState } from '../connection/connection_state.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { isTrue } from '../expression/compile.js';
import { describeNode } from '../replication/hello.js';
import { negotiateCompression } from '../wire/compression.js';
import { speculate } from './authenticate.js';
import { type CommandContext } from './context.js';
import { fieldsOf } from './fields.js';

/** hello, and isMaster and ismaster, which answer the same with the older name of "may be written to". */
export function hello(context: CommandContext): Document | Promise<Document> {
  const { topologyVersion } = context.body;
  const fields = fieldsOf(context);
  const maxAwaitTimeMS = fields.count('maxAwaitTimeMS');
  if ((topologyVersion === undefined) !== (maxAwaitTimeMS === undefined)) {
    throw new CommandError(
      topologyVersion === undefined ? 51759 : 51758,
      topologyVersion === undefined
        ? 'A request with maxAwaitTimeMS must include a topologyVersion'
        : "A request with a 'topologyVersion' must include 'maxAwaitTimeMS'",
    );
  }
  if (!isDocument(topologyVersion) || maxAwaitTimeMS === undefined) return answer(context);
  const { processId, counter } = topologyVersion;
  if (!context.member.isCurrent(processId, counter)) return answer(context);
  return context.operation.wait(maxAwaitTimeMS, [context.member.topologyChanges]).then(() => answer(context));
}

function answer(context: CommandContext): Document {
  const { name, body, connection, member, deployment } = context;
  const compression = negotiateCompression(body['compression']);
  const isLegacy = name !== 'hello';
  checkLoadBalancer(body, connection);
  return {
    // A client that knows hello says so in its first isMaster and is told to go on with hello.
    ...(isTrue(body['helloOk']) ? { helloOk: true } : {}),
    ...describeNode(deployment, member, isLegacy ? 'ismaster' : 'isWritablePrimary'),
    ...(compression.length > 0 ? { compression } : {}),
    ...(connection.isBehindLoadBalancer ? { serviceId: member.serviceId } : {}),
    ...authenticationFields(context),
    connectionId: connection.id,
    topologyVersion: member.topologyVersion(),
  };
}

/** Which mechanisms a user has, and the answer to an authentication that began with the hello. */
function authenticationFields(context: CommandContext): Document {
  const { saslSupportedMechs, speculativeAuthenticate } = context.body;
  const fields: Document = {};
  if (typeof saslSupportedMechs === 'string') {
    const [, database = '', user = ''] = /^([^.]*)\.(.*)$/.exec(saslSupportedMechs) ?? [];
    const mechanisms = context.deployment.users.find(database, user)?.mechanisms;
    if (mechanisms !== undefined) fields['saslSupportedMechs'] = [...mechanisms];
  }
  if (isDocument(speculativeAuthenticate)) {
    const reply = speculate(context, speculativeAuthenticate);
    if (reply !== undefined) fields['speculativeAuthenticate'] = reply;
  }
  return fields;
}

/** Behind a load balancer a client has to know that it is: what it asks goes to one of many servers. */
function checkLoadBalancer(body: Document, connection: ConnectionState): void {
  const isFirst = connection.hellos++ === 0;
  if (!isFirst || !connection.isBehindLoadBalancer || isTrue(body['loadBalanced'])) return;
  throw new CommandError(
    ErrorCode.LoadBalancerSupportMismatch,
    'The server is being accessed through a load balancer, but this driver does not have load balancing enabled',
  );
}

/** Remembers who the client is; done before fail points are asked, since they may ask for the name of the application. */
export function rememberClient(connection: ConnectionState, client: unknown): void {
  if (!isDocument(client)) return;
  if (connection.client !== undefined) {
    throw new CommandError(
      ErrorCode.ClientMetadataCannotBeMutated,
      'The client metadata document may only be sent in the first hello',
    );
  }
  connection.client = client;
  const application = client['application'];
  const name = isDocument(application) ? application['name'] : undefined;
  if (typeof name === 'string') connection.appName = name;
}
