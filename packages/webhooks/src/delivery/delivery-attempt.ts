import type { Socket } from 'node:net';
import type { DeliveryNetwork } from './delivery-network.ts';
import type { DeliveryFailure, DeliveryPhase, DeliveryTimings } from './delivery-result.ts';

/** Which timing a phase counts towards. The headers phase ends with the first byte; the rest of it is the body's. */
const timingOfPhase = {
  resolve: 'resolve',
  connect: 'connect',
  tls: 'tls',
  headers: 'firstByte',
  body: 'body',
} as const satisfies Record<DeliveryPhase, keyof DeliveryTimings>;

/**
 * One attempt against the clock: the phase it is in, how long each took, the one deadline over all of them, and every
 * socket it has opened, so that nothing outlives it.
 */
export class DeliveryAttempt {
  phase: DeliveryPhase = 'resolve';
  isOver = false;
  /** Resolves when the deadline passes or the process cancels the attempt. Never rejects. */
  readonly stopped: Promise<DeliveryFailure>;
  readonly #network: DeliveryNetwork;
  readonly #startedAt: number;
  readonly #timings: Partial<Record<keyof DeliveryTimings, number>> = {};
  readonly #sockets = new Set<Socket>();
  readonly #release: () => void;
  #timing: keyof DeliveryTimings = 'resolve';
  #timingStartedAt: number;

  constructor(input: {
    readonly network: DeliveryNetwork;
    readonly deadlineMilliseconds: number;
    readonly signal: AbortSignal | undefined;
  }) {
    const { network, deadlineMilliseconds, signal } = input;
    this.#network = network;
    this.#startedAt = network.monotonicMilliseconds();
    this.#timingStartedAt = this.#startedAt;
    const { promise, resolve } = Promise.withResolvers<DeliveryFailure>();
    this.stopped = promise;
    const cancel = (): void => resolve({ code: 'cancelled', phase: this.phase, reason: 'cancelled' });
    const cancelTimer = network.startTimer(deadlineMilliseconds, () =>
      resolve({ code: 'timed_out', phase: this.phase, reason: this.phase }),
    );
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) cancel();
    this.#release = () => {
      cancelTimer();
      signal?.removeEventListener('abort', cancel);
    };
  }

  enter(phase: DeliveryPhase): void {
    this.phase = phase;
    this.#measure(timingOfPhase[phase]);
  }

  /** The first byte of the response is here. The headers may take longer, so the phase stays. */
  noteFirstByte(): void {
    if (this.#timing === 'firstByte') this.#measure('body');
  }

  /** The headers are complete. The body has been measured since the first byte. */
  noteHeaders(): void {
    this.phase = 'body';
  }

  /** Takes a socket over: it is destroyed with the attempt, and an error that comes late harms nothing. */
  hold<Held extends Socket>(socket: Held): Held {
    socket.on('error', () => undefined);
    this.#sockets.add(socket);
    if (this.isOver) socket.destroy();
    return socket;
  }

  /** Ends the attempt and answers what it measured. To end it twice changes nothing. */
  finish(): { readonly timings: DeliveryTimings; readonly totalMilliseconds: number } {
    if (!this.isOver) {
      this.isOver = true;
      this.#release();
      this.#measure(this.#timing);
      for (const socket of this.#sockets) socket.destroy();
    }
    return { timings: this.#timings, totalMilliseconds: this.#timingStartedAt - this.#startedAt };
  }

  #measure(next: keyof DeliveryTimings): void {
    const now = this.#network.monotonicMilliseconds();
    this.#timings[this.#timing] = (this.#timings[this.#timing] ?? 0) + (now - this.#timingStartedAt);
    this.#timing = next;
    this.#timingStartedAt = now;
  }
}
