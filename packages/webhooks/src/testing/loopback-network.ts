import { connect } from 'node:net';
import type { DeliveryNetwork } from '../delivery/delivery-network.ts';

/** A real network with a resolver of the test, which remembers what it was asked. */
export interface LoopbackNetwork extends DeliveryNetwork {
  readonly resolved: readonly string[];
  readonly opened: readonly { readonly address: string; readonly port: number }[];
}

export interface LoopbackNetworkInput {
  /** The answer to the first question, the second, and so on; the last one stays. */
  readonly answers: readonly (readonly string[])[];
  /** Where sockets go instead: for a network that betrays its caller. */
  readonly divertTo?: { readonly address: string; readonly port: number };
}

/** A name server that changes its answers is one with several of them. */
export function openLoopbackNetwork({ answers, divertTo }: LoopbackNetworkInput): LoopbackNetwork {
  const resolved: string[] = [];
  const opened: { address: string; port: number }[] = [];
  return {
    resolved,
    opened,
    resolve: (hostname) => {
      resolved.push(hostname);
      return Promise.resolve(answers[Math.min(resolved.length, answers.length) - 1] ?? []);
    },
    openSocket: (place) => {
      opened.push({ ...place });
      const { address, port } = divertTo ?? place;
      return connect({ host: address, port });
    },
    monotonicMilliseconds: () => performance.now(),
    startTimer: (milliseconds, callback) => {
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    },
  };
}
