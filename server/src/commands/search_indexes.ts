import { type Document } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type CommandContext } from './context.js';
import { requireNamespace } from './fields.js';

/** What a server says that is not connected to a search server. */
export function noSearch(): CommandError {
  return new CommandError(
    ErrorCode.SearchNotEnabled,
    'Using Atlas Search Database Commands and the $listSearchIndexes aggregation stage requires additional configuration. Please connect to Atlas or an AtlasCLI local deployment to enable. For more information on how to connect, see https://dochub.mongodb.org/core/atlas-cli-deploy-local-reqs',
  );
}

/** createSearchIndexes, updateSearchIndex and dropSearchIndex. */
export function changeSearchIndexes(context: CommandContext): Document {
  requireNamespace(context);
  throw noSearch();
}
