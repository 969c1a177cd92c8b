/** Verifying archives in memory, and what was found in short. */
import type { DeploymentKeys } from '@authseal/ledger';
import { type Report, type VerifyOptions, verifyArchive } from '../verify/verify-archive.ts';
import { MemoryArchive } from './memory-archive.ts';
import { keys as defaultKeys, type SealedLog } from './sealed-log.ts';

/** Two regions, the second below a prefix. */
export class Regions {
  readonly a = new MemoryArchive('a');
  readonly b = new MemoryArchive('b', 'some/prefix/');

  get both(): [MemoryArchive, MemoryArchive] {
    return [this.a, this.b];
  }

  /** A second after the last batch of these logs, without grace, unless said otherwise. */
  verify(
    logs: SealedLog | SealedLog[],
    options: Partial<VerifyOptions> & { keys?: DeploymentKeys } = {},
  ): Promise<Report> {
    const last = Math.max(...[logs].flat().map((log) => log.lastSealedAt));
    return verifyArchive({
      archives: this.both,
      keys: defaultKeys,
      now: last + 1000,
      grace: 0,
      ...options,
    });
  }
}

/** Problems as `CODE batch region`, the last two where there are some. */
export function shortly({ problems }: Pick<Report, 'problems'>): string[] {
  return problems.map(({ code, batch, region }) =>
    [code, batch, region].filter((part) => part !== null).join(' '),
  );
}
