/** A deliberate difference from the official driver. */
export interface Difference {
  /** What of the call's outcome differs. */
  readonly parts: readonly ('commands' | 'result' | 'error')[];
  readonly reason: string;
}

const REFUSED_BY_NAME: Difference = {
  parts: ['result', 'error'],
  reason: 'a name that no server takes is refused at once',
};
const REFUSED_BY_TYPE: Difference = { parts: ['error'], reason: 'an argument that is none is told as such' };

/** By the name of the call. A difference that has gone fails its test. */
export const differences: ReadonlyMap<string, Difference> = new Map<string, Difference>([
  ['insertOne of no document', REFUSED_BY_TYPE],
  ['an unacknowledged updateOne', { parts: ['result'], reason: 'counts are 0, as their type says, not undefined' }],
  ['an unacknowledged deleteMany', { parts: ['result'], reason: 'counts are 0, as their type says, not undefined' }],
  ['find with a negative batchSize', { parts: ['commands'], reason: 'singleBatch says that no cursor is to be kept' }],
  [
    'find with a negative batchSize and a limit',
    { parts: ['commands'], reason: 'singleBatch says that no cursor is to be kept' },
  ],
  [
    'find with limit 0',
    { parts: ['commands'], reason: 'no limit is not sent (CRUD, "Combining limit and batchSize")' },
  ],
  ['find with a wrong sort', { parts: ['error'], reason: 'the message names the field and what is allowed' }],
  ['buffered documents', { parts: ['result'], reason: 'a cursor that was closed says that it is closed' }],
  ['collection with a wrong name', REFUSED_BY_NAME],
  ['collection with an empty name', REFUSED_BY_NAME],
  ['collection with $ in its name', REFUSED_BY_NAME],
  [
    'types of BSON',
    { parts: ['commands'], reason: "an event shows what was sent, decoded, not the user's own object" },
  ],
  [
    'ignoreUndefined',
    { parts: ['commands'], reason: "an event shows what was sent, decoded, not the user's own object" },
  ],
  ['find with a filter that is none', { parts: ['error'], reason: 'one message for the filters of all methods' }],
  ['find with a filter that is null', { parts: ['commands'], reason: 'null is no filter, as undefined is none' }],
  [
    'a too large document',
    { parts: ['commands', 'error'], reason: 'refused before it is sent: the server would close the connection' },
  ],
]);
