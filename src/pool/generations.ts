import type { ObjectId } from '../bson/index.js';

/** The connections of a pool that lead to the same server, which become stale all at once. */
export interface Generation {
  /** Goes up when they do. */
  value: number;
}

/** Behind a load balancer: the connections to one of its servers. */
export interface ServiceGeneration extends Generation {
  readonly id: ObjectId;
  /** How many there are: with the last one the service is forgotten. */
  connections: number;
}

/**
 * What makes connections stale: the generation of the pool, or, behind a load balancer, that of the server at the other end, which only
 * the connection's own hello names.
 *
 * Source: Connection Monitoring and Pooling, "Load Balancer Mode"; Load Balancers, "Service IDs".
 */
export class Generations {
  readonly pool: Generation = { value: 0 };
  readonly #services = new Map<string, ServiceGeneration>();

  /** The service of a new connection, which is counted from now on. */
  join(serviceId: ObjectId): ServiceGeneration {
    const key = serviceId.toHexString();
    let service = this.#services.get(key);
    if (service === undefined) {
      service = { id: serviceId, value: 0, connections: 0 };
      this.#services.set(key, service);
    }
    service.connections++;
    return service;
  }

  /** A connection of the service was closed. */
  leave(service: ServiceGeneration): void {
    if (--service.connections === 0) this.#services.delete(service.id.toHexString());
  }

  /** Of a service, or of the pool. */
  current(serviceId?: ObjectId): number {
    if (serviceId === undefined) return this.pool.value;
    return this.#services.get(serviceId.toHexString())?.value ?? 0;
  }

  /** Makes the connections of a service stale. */
  clear(serviceId: ObjectId): void {
    const service = this.#services.get(serviceId.toHexString());
    if (service !== undefined) service.value++;
  }
}
