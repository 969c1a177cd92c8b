/** The report for machines: the fields of the library's report, times as RFC 3339. */
import type { Acceptance } from '../verify/accept.ts';
import { timeText } from '../verify/scope.ts';
import type { Report } from '../verify/verify-archive.ts';

/** SHA-256 (hex) of a file that the verdict rests on; null when none was given. */
type FileHashes = {
  readonly keys: string;
  readonly producers: string | null;
  readonly accept: string | null;
};

/** A report with what only the command knows. */
export type CommandReport = Report & {
  readonly files: FileHashes;
  /** Lines of the file of accepted incidents that try to accept a breach. */
  readonly refused: readonly Acceptance[];
};

export function toJson(report: CommandReport): string {
  const { ok, logs, producers, problems, accepted, refused, at, from, to, regions, files } = report;
  const time = (ms: number | null) => (ms === null ? null : timeText(ms));
  const scope = { at: timeText(at), from: time(from), to: time(to), regions, files };
  const whole = { ok, logs, producers, problems, accepted, refused, ...scope };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
