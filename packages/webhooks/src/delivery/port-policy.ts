/**
 * Which ports a target may name: `standard` is 443 and 8443, `high` adds every port from 1024 on that no well-known
 * service uses.
 */
export type PortPolicy = 'standard' | 'high';

const standardPorts: readonly number[] = [443, 8443];
const highPortsMin = 1024;

/**
 * Ports from 1024 on where something else than a web server listens: the bad ports of the Fetch standard, and the
 * databases, queues, caches and control planes that a request forged by us could harm or read.
 */
const servicePorts: ReadonlySet<number> = new Set([
  1080, 1433, 1434, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2377, 2379, 2380, 2483, 2484, 3128, 3260,
  3268, 3269, 3306, 3389, 3659, 4045, 4190, 4369, 4646, 5060, 5061, 5222, 5432, 5433, 5555, 5601, 5671, 5672, 5900,
  5901, 5984, 5985, 5986, 6000, 6379, 6380, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 7000, 7001, 7199,
  7473, 7474, 7687, 8086, 8091, 8123, 8200, 8300, 8301, 8302, 8500, 8529, 9000, 9042, 9092, 9093, 9100, 9160, 9200,
  9300, 9418, 10_080, 10_250, 10_255, 10_257, 10_259, 11_211, 15_672, 16_379, 25_672, 26_257, 26_379, 27_017, 27_018,
  27_019, 28_015, 50_000, 61_616,
]);

/** Whether a target may name this port. Port 0 and what is no port never pass. */
export function isPortAllowed(port: number, policy: PortPolicy): boolean {
  if (standardPorts.includes(port)) return true;
  if (policy === 'standard') return false;
  return Number.isInteger(port) && port >= highPortsMin && port <= 65_535 && !servicePorts.has(port);
}
