import type { ObjectId } from '../bson/index.js';

/** The generation of connections that become stale together: those of a pool, or of one service. */
export interface Generation {
  /** Goes up when the connections become stale. */
  value: number;
}

/** The generation of the connections to one server behind a load balancer. */
export interface ServiceGeneration extends Generation {
  readonly id: ObjectId;
  /** The number of open connections. The last one takes the service with it. */
  connections: number;
}

/**
 * The generations of a pool: its own, and, behind a load balancer, one for each server, which only a connection's own hello names.
 *
 * Source: Connection Monitoring and Pooling, "Load Balancer Mode"; Load Balancers, "Service IDs".
 */
export class Generations {
  readonly pool: Generation = { value: 0 };
  readonly #services = new Map<string, ServiceGeneration>();

  /** The service of a new connection, which counts from now on. */
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

  /** The generation of a service, or of the pool. */
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
