/**
 * The variables that begin with AUTHSEAL_. All of Authseal may share one environment, so the
 * collector knows the names of all settings (the table in runtime/README.md; a test compares), and
 * takes any other for a misspelt one, as the services do.
 */

/** What the collector itself reads. */
const OWN = [
  'DEPLOYMENT',
  'KAFKA_BROKERS',
  'KAFKA_SSL',
  'KAFKA_SASL_MECHANISM',
  'KAFKA_SASL_USERNAME',
  'KAFKA_SASL_PASSWORD',
  'EVENTS_TOPIC',
  'PRODUCER_KEY',
];

/** What other parts read. */
const OTHERS = [
  'ARCHIVER_GROUP',
  'BATCHES_TOPIC',
  'CONFIG',
  'DATA',
  'GRACE',
  'HEARTBEAT',
  'HTTP_HOST',
  'HTTP_PORT',
  'INGESTOR_GROUP',
  'KEYS',
  'LINGER',
  'LOG_LEVEL',
  'MAX_RETENTION',
  'PREVIOUS_SIGNING_KEY',
  'PRODUCERS',
  'REGION',
  'REGIONS',
  'RETENTION',
  'SESSION_TIMEOUT',
  'SHUTDOWN_GRACE',
  'SIGNING_KEY',
  'TRANSACTION_TIMEOUT',
];

/** Fields of regions, switches of tests, and what Kubernetes sets for a Service called `authseal-…`. */
const PATTERNS = [
  /^REGION_.+_(ENDPOINT|BUCKET|PREFIX|ACCESS_KEY_ID|SECRET_ACCESS_KEY)$/,
  /^TEST_/,
  /^(.+_)?SERVICE_(HOST|PORT)(_.+)?$/,
  /^(.+_)?PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/,
];

const PREFIX = 'AUTHSEAL_';

/** What is wrong with names that nobody at Authseal knows; their values, perhaps secrets, unsaid. */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const names = Object.keys(environment)
    .filter((variable) => variable.startsWith(PREFIX) && environment[variable])
    .map((variable) => variable.slice(PREFIX.length));
  const unknown = names.filter(
    (name) =>
      !OWN.includes(name) &&
      !OTHERS.includes(name) &&
      !PATTERNS.some((pattern) => pattern.test(name)),
  );
  return unknown.map((name) => {
    const meant = OWN.find((known) => isNear(name, known));
    const question = meant === undefined ? '' : `: did you mean ${PREFIX}${meant}?`;
    return `${PREFIX}${name}: is no variable that Authseal knows${question}`;
  });
}

/** Whether one is the other with a letter more, less or changed, or with two. */
function isNear(a: string, b: string, edits = 2): boolean {
  if (a === b) return true;
  if (edits === 0) return false;
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  const [restA, restB] = [a.slice(same), b.slice(same)];
  return (
    isNear(restA.slice(1), restB, edits - 1) ||
    isNear(restA, restB.slice(1), edits - 1) ||
    isNear(restA.slice(1), restB.slice(1), edits - 1)
  );
}
