// Listeners and errors.
import {
  type CommandFailedEvent,
  type ConnectionPoolClearedEvent,
  MongoClient,
  MongoServerError,
  type ServerDescriptionChangedEvent,
} from 'mongotempo';

export function watch(uri: string): MongoClient {
  const client = new MongoClient(uri, { monitorCommands: true });
  client.on('commandStarted', ({ commandName, requestId }) => console.log(commandName, requestId));
  client.on('commandFailed', (event: CommandFailedEvent) => {
    if (event.failure instanceof MongoServerError) console.log(event.failure.code);
  });
  client.on('connectionPoolCleared', (event: ConnectionPoolClearedEvent) => console.log(event.address));
  client.on('serverDescriptionChanged', (event: ServerDescriptionChangedEvent) =>
    console.log(event.newDescription.type),
  );
  client.on('serverHeartbeatFailed', ({ failure }) => console.log(failure.message));
  client.once('close', () => console.log('closed'));
  return client;
}
