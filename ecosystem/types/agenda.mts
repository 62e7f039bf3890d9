import { MongoBackend } from '@agendajs/mongo-backend';
import { Agenda } from 'agenda';
import { MongoClient } from 'mongodb';

export const agenda = new Agenda({ backend: new MongoBackend({ mongo: new MongoClient('mongodb://localhost').db() }) });
