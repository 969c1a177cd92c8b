/** The head of a syslog line, as rsyslog writes it to a file: RFC 3164 or its ISO 8601 format. */

export interface SyslogLine {
  /** Microseconds since 1970-01-01 UTC. */
  time: number;
  /** The time as it stands in the line. */
  timeText: string;
  host: string;
  program: string;
  pid: string | null;
  message: string;
}

/** `Dec 10 06:55:46 LabSZ sshd[24200]: message` */
const RFC3164 =
  /^((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d) (\S+) ([^\s:[\]]+)(?:\[(\d+)\])?: ?(.*)$/s;

/** `2026-12-10T06:55:46.123456+01:00 LabSZ sshd[24200]: message` */
const ISO8601 =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (\S+) ([^\s:[\]]+)(?:\[(\d+)\])?: ?(.*)$/s;

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const DAY_MS = 86_400_000;

export interface SyslogOptions {
  /** Year of the first line that does not name one. Default: the latest that is not in the future. */
  year?: number | undefined;
  now: Date;
}

/**
 * Returns a function that reads the lines of one file, in order; null: not a syslog line.
 *
 * RFC 3164 times name neither year nor zone. They are read as UTC. With `year`, it is that of the
 * first line, and turns when the months do (December to January forward, January to December
 * back); without, each line is taken from the last twelve months.
 */
export function createSyslogReader(options: SyslogOptions): (line: string) => SyslogLine | null {
  let { year } = options;
  let previousMonth: number | null = null;

  function rfc3164Time(text: string): number | null {
    const month = MONTHS.indexOf(text.slice(0, 3)) / 3;
    if (year === undefined) {
      const thisYear = options.now.getUTCFullYear();
      const time = utc(thisYear, month, text);
      const isFuture = time !== null && time > options.now.getTime() + DAY_MS;
      // A 29th of February is not in every year.
      return time === null || isFuture ? utc(thisYear - 1, month, text) : time;
    }
    const passed = month - (previousMonth ?? month);
    if (passed < -6) year++;
    if (passed > 6) year--;
    previousMonth = month;
    return utc(year, month, text);
  }

  return function read(line) {
    const match = RFC3164.exec(line) ?? ISO8601.exec(line);
    if (match === null) return null;
    const [, timeText = '', host = '', program = '', pid = null, message = ''] = match;
    const time = /^\d/.test(timeText) ? isoMicros(timeText) : toMicros(rfc3164Time(timeText));
    return time === null ? null : { time, timeText, host, program, pid, message };
  };
}

const toMicros = (ms: number | null): number | null => (ms === null ? null : ms * 1000);

/** Milliseconds since 1970, or null when there is no such day or time. */
function utc(year: number, month: number, text: string): number | null {
  const day = Number(text.slice(4, 6));
  const [hours = 0, minutes = 0, seconds = 0] = text.slice(7).split(':').map(Number);
  const date = new Date(Date.UTC(year, month, day, hours, minutes, seconds));
  const exists = date.getUTCDate() === day && hours < 24 && minutes < 60 && seconds < 61;
  return exists ? date.getTime() : null;
}

/** An ISO 8601 time with what it has of microseconds, or null when there is no such time. */
function isoMicros(text: string): number | null {
  const [, seconds = '', fraction = '', zone = ''] =
    /^([^.Z+]*T[^.Z+-]*)(?:\.(\d+))?(.*)$/.exec(text) ?? [];
  const ms = Date.parse(seconds + zone);
  return Number.isNaN(ms) ? null : ms * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
