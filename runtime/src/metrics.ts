import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry of Prometheus metrics that already holds those of the process itself. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
