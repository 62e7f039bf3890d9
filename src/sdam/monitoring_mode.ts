import { isFunctionService } from '../pool/client_metadata.js';
import type { HostEnvironment } from '../runtime/host.js';

/** How servers are checked (URI options, "serverMonitoringMode"). */
type MonitoringMode = 'auto' | 'poll' | 'stream';

/**
 * Whether servers that can are asked to tell of changes by themselves. Without being told, not where functions are run as a service: there
 * a process stands still between calls, and what was streamed in the meantime is old (Server Monitoring, "Streaming disabled").
 */
export function usesStreaming(mode: MonitoringMode, env: HostEnvironment['env']): boolean {
  return mode === 'stream' || (mode === 'auto' && !isFunctionService(env));
}
