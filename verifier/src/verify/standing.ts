/**
 * How far a producer's chain stands, and which flush follows it. Whoever may write to the topic may
 * write under any producer's id, so what nothing proves takes no place away from what something does:
 *
 * - `proven` is how far the chain is known to be the producer's own. A flush moves it on whose signature
 *   holds or, as long as the service need not sign, whose link follows; behind a hole of the log, where
 *   no link can, the first one as it stands.
 * - `ahead` is how far unproven flushes lead since then: behind a gap or a broken link, or forged.
 *   What follows there is not told again. Whatever moves `proven` on ends it.
 */
import type { HashText } from '@authseal/ledger';

/** The sequence due, and the link before it; null: not known. */
export type Position = {
  readonly next: number;
  readonly link: HashText | null;
  /** Whether links lead here from what is proven. */
  readonly isJoined: boolean;
};

/** Whether the service must sign by now, and whether a flush bears a signature of it that holds. */
export type Signing = { readonly mustSign: boolean; readonly isSigned: boolean };

/** The position that a flush follows; `again`: its sequences were there before; `gap`: some before it were not. */
export type Joined = Position | 'again' | 'gap';

export class Standing {
  #proven: Position;
  #ahead: Position | null = null;
  /** Behind the last flush that bore a signature. */
  #signedUpTo = 0;
  #hasProof = false;

  /** `link`: the one before the first flush. */
  constructor(link: HashText) {
    this.#proven = { next: 0, link, isJoined: true };
  }

  /** Whether any flush was proven. */
  get hasProof(): boolean {
    return this.#hasProof;
  }

  /** Whether all between what is proven and the end is there. */
  get isWhole(): boolean {
    return this.#ahead === null;
  }

  /** Behind all that came. */
  get end(): number {
    return (this.#ahead ?? this.#proven).next;
  }

  /** Whether all before this sequence, and nothing behind it, is proven. */
  isProvenUpTo(sequence: number): boolean {
    return sequence === this.#proven.next;
  }

  /** Whether a flush that begins here may follow. */
  isDue(sequence: number): boolean {
    return this.isProvenUpTo(sequence) || sequence === this.#ahead?.next;
  }

  joined(first: number, { mustSign, isSigned }: Signing): Joined {
    if (this.isProvenUpTo(first)) return this.#proven;
    if (first < this.#proven.next) return 'again';
    const ahead = this.#ahead;
    if (ahead === null) return 'gap';
    // Only the service can sign: its flush does not follow what others may have put in its place.
    if (first === ahead.next && (ahead.isJoined || !isSigned)) return ahead;
    return first < ahead.next && !mustSign && !isSigned ? 'again' : 'gap';
  }

  /** Where the gap before a flush begins. */
  gapBefore(first: number, { isSigned }: Signing): number {
    return isSigned || this.end > first ? this.#proven.next : this.end;
  }

  /** Whether nothing signed stands at or behind this: then what stands there was made before the service had to sign. */
  isUnsignedFrom(sequence: number): boolean {
    return sequence >= this.#signedUpTo;
  }

  /** A flush up to here is proven. */
  prove(next: number, link: HashText, isSigned: boolean): void {
    this.#proven = { next, link, isJoined: true };
    if (isSigned) this.#signedUpTo = next;
    this.#ahead = null;
    this.#hasProof = true;
  }

  /** Unproven events lead up to here. */
  lead(position: Position): void {
    if (position.next > this.end) this.#ahead = position;
  }
}
