import { scramMechanisms, type User } from '../auth/users.js';
import { type Document, isDocument } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type CommandContext } from './context.js';
import { fieldsOf } from './fields.js';

export function createUser(context: CommandContext): Document {
  const { deployment, database } = context;
  const name = fieldsOf(context).string('createUser');
  if (deployment.users.find(database, name) !== undefined) {
    throw new CommandError(ErrorCode.UserAlreadyExists, `User "${name}@${database}" already exists`);
  }
  const settings = settingsOf(context);
  if (settings.password === undefined && database !== '$external') {
    throw new CommandError(
      ErrorCode.BadValue,
      "Must provide a 'pwd' field for all user documents, except those with '$external' as the user's source db",
    );
  }
  if (settings.roles === undefined) {
    throw new CommandError(ErrorCode.IDLFailedToParse, "BSON field 'createUser.roles' is missing but a required field");
  }
  deployment.users.put(database, name, settings);
  return {};
}

export function updateUser(context: CommandContext): Document {
  const { deployment, database } = context;
  const name = fieldsOf(context).string('updateUser');
  if (deployment.users.find(database, name) === undefined) throw unknownUser(name, database);
  deployment.users.put(database, name, settingsOf(context));
  return {};
}

export function dropUser(context: CommandContext): Document {
  const { deployment, database } = context;
  const name = fieldsOf(context).string('dropUser');
  if (!deployment.users.remove(database, name)) throw unknownUser(name, database);
  return {};
}

export function dropAllUsersFromDatabase({ deployment, database }: CommandContext): Document {
  const users = deployment.users.all().filter(user => user.database === database);
  for (const { user } of users) deployment.users.remove(database, user);
  return { n: users.length };
}

export function usersInfo({ deployment, database, body }: CommandContext): Document {
  const asked = body['usersInfo'];
  const list: readonly unknown[] = Array.isArray(asked) ? asked : [asked];
  const isAsked = (user: User): boolean =>
    list.some(one => {
      if (typeof one === 'string') return user.user === one && user.database === database;
      if (isDocument(one))
        return one['forAllDBs'] === true || (one['user'] === user.user && one['db'] === user.database);
      return user.database === database;
    });
  return { users: deployment.users.all().filter(isAsked).map(describe) };
}

function describe({ user, database, id, mechanisms, roles, customData }: User): Document {
  return {
    _id: `${database}.${user}`,
    userId: id,
    user,
    db: database,
    ...(customData === undefined ? {} : { customData }),
    roles: [...roles],
    mechanisms: [...mechanisms],
  };
}

function settingsOf(context: CommandContext): {
  password: string | undefined;
  mechanisms: string[] | undefined;
  roles: readonly unknown[] | undefined;
  customData: unknown;
} {
  const fields = fieldsOf(context);
  const mechanisms = fields.optionalArray('mechanisms')?.map(String);
  const known: readonly string[] = context.database === '$external' ? ['PLAIN', 'MONGODB-X509'] : scramMechanisms;
  const unknown = mechanisms?.find(name => !known.includes(name));
  if (unknown !== undefined) throw new CommandError(ErrorCode.BadValue, `Unknown auth mechanism '${unknown}'`);
  return {
    password: fields.optionalString('pwd'),
    mechanisms,
    roles: fields.optionalArray('roles'),
    customData: fields.raw('customData'),
  };
}

function unknownUser(name: string, database: string): CommandError {
  return new CommandError(ErrorCode.UserNotFound, `User '${name}@${database}' not found`);
}
