/**
 * Every setting of Authseal that can come from the environment or the configuration file, in one
 * place: a service picks those it needs, and a variable that only another service reads is still
 * known here, so that one environment can serve all of them and a typo is still found.
 *
 * A field's default is the zod default; its meaning and what is expected stand in `about`.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { z } from 'zod';

/** What a person is told about a setting. `expected` completes "expected …". */
export interface About {
  meaning: string;
  expected: string;
  /** Its value never appears in an error or a log. */
  secret?: boolean;
}

/**
 * Holds the `About` of each setting, by schema object, so that no two may share one. A field without
 * is a flag of a single command.
 */
export const about = z.registry<About>();

const MILLISECONDS = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  // A leap year, so that no calendar year of retention is cut short.
  y: 366 * 86_400_000,
} as const;

/** A duration such as `500ms`, `30s`, `15m`, `12h`, `7d` or `10y` (of 366 days); gives milliseconds. */
export const duration = z
  .string()
  .regex(/^\d{1,12}(ms|s|m|h|d|y)$/)
  .transform((text) => {
    const unit = text.replace(/^\d+/, '') as keyof typeof MILLISECONDS;
    return Number.parseInt(text, 10) * MILLISECONDS[unit];
  });

const DURATION = 'a duration such as 30s, 15m, 12h, 7d or 10y';
const positive = () => duration.refine((ms) => ms > 0 && Number.isSafeInteger(ms));
// Node's timers fire at once when set for longer than 2^31 - 1 ms.
const timer = () => positive().refine((ms) => ms < 2 ** 31);
const TIMER = `${DURATION}, at most 24d`;

function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
const readableFile = () => z.string().refine(isReadableFile);
const READABLE_FILE = 'the path of a file that can be read';

const secret = (meaning: string) =>
  z
    .string()
    .min(1)
    .register(about, { meaning, expected: 'a text that is not empty', secret: true });

// Kafka's own rule (org.apache.kafka.common.internals.Topic).
const kafkaName = () => z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/);
const KAFKA_NAME = '1 to 249 of A-Z, a-z, 0-9, ".", "_" and "-"';

const BROKER = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/;
function isBroker(text: string): boolean {
  const port = Number(BROKER.exec(text)?.[2]);
  return port > 0 && port < 65_536;
}

function isEndpoint(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

/** One S3 bucket in one region. Without endpoint or keys the AWS SDK finds its own. */
const region = z
  .object({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/)
      .register(about, {
        meaning: "The region's name, for AWS the name of the AWS region.",
        expected: 'region names of letters, digits, "-" and "_"',
      }),
    endpoint: z.string().refine(isEndpoint).optional().register(about, {
      meaning: 'Address of an S3-compatible store. Default: that of AWS.',
      expected: 'a URL such as https://s3.example.com, without user, query or fragment',
    }),
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
      .register(about, {
        meaning: 'Bucket with versioning and Object Lock.',
        expected: 'the name of a bucket: 3 to 63 of a-z, 0-9, "." and "-"',
      }),
    prefix: z
      .string()
      .regex(/^$|^[^/].*\/$/)
      .default('')
      .register(about, {
        meaning: 'What all keys in the bucket begin with.',
        expected: 'nothing, or a text that ends with "/" and does not begin with "/"',
      }),
    accessKeyId: secret(
      'Access key. Default: those that the AWS SDK finds, again when S3 refuses them.',
    ).optional(),
    secretAccessKey: secret('Secret of the access key.').optional(),
  })
  .refine((r) => r.accessKeyId !== undefined || r.secretAccessKey === undefined, {
    path: ['accessKeyId'],
    message: 'both or neither of accessKeyId and secretAccessKey',
    when: () => true,
  })
  .refine((r) => r.accessKeyId === undefined || r.secretAccessKey !== undefined, {
    path: ['secretAccessKey'],
    message: 'both or neither of accessKeyId and secretAccessKey',
    when: () => true,
  });
export type Region = z.output<typeof region>;

/** What every long-running service needs. */
export const serviceSettings = {
  deployment: z
    .string()
    .regex(/^[a-z0-9.-]+$/)
    .register(about, {
      meaning: 'Name of this Authseal deployment; every log is named by it, for ever.',
      expected: 'one or more of a-z, 0-9, "." and "-"',
    }),
  logLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .register(about, {
      meaning: 'Least severe log line that is written.',
      expected: 'one of fatal, error, warn, info, debug, trace, silent',
    }),
  httpHost: z.string().min(1).default('0.0.0.0').register(about, {
    meaning: 'Address on which /livez, /readyz and /metrics are served.',
    expected: 'a host name or an IP address',
  }),
  httpPort: z.int().min(0).max(65_535).default(8080).register(about, {
    meaning: 'Port of the same; 0 takes any free one.',
    expected: 'a whole number from 0 to 65535',
  }),
  // Kubernetes kills after 30 s; the last lines of the log must be out before.
  shutdownGrace: timer().prefault('25s').register(about, {
    meaning: 'How long a stop by SIGTERM may take before the process gives up.',
    expected: TIMER,
  }),
};

/** How to reach Kafka, and the two topics. */
export const kafkaSettings = {
  kafkaBrokers: z.array(z.string().refine(isBroker)).min(1).register(about, {
    meaning: 'Kafka brokers to begin with, joined by commas.',
    expected: 'host:port, several joined by commas',
  }),
  kafkaSsl: z
    .union([z.boolean(), readableFile()])
    .default(false)
    .register(about, {
      meaning: 'TLS to Kafka: true, or the PEM file of the authority that signs the brokers.',
      expected: `true, false or ${READABLE_FILE}`,
    }),
  kafkaSasl: z
    .object({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).register(about, {
        meaning: 'SASL mechanism, when Kafka asks for a login.',
        expected: 'one of plain, scram-sha-256, scram-sha-512',
      }),
      username: z.string().min(1).register(about, {
        meaning: 'SASL user.',
        expected: 'a text that is not empty',
      }),
      password: secret('SASL password.'),
    })
    .optional(),
  sessionTimeout: positive().prefault('30s').register(about, {
    meaning: 'A service that Kafka has not heard of for this long loses its partitions.',
    expected: DURATION,
  }),
  transactionTimeout: positive().prefault('60s').register(about, {
    meaning: 'Kafka ends the open transaction of a service that is gone after this.',
    expected: DURATION,
  }),
  eventsTopic: kafkaName().default('auth-events').register(about, {
    meaning: 'Topic that the services emit to.',
    expected: KAFKA_NAME,
  }),
  batchesTopic: kafkaName().default('auth-batches').register(about, {
    meaning: 'Topic that carries the sealed batches.',
    expected: KAFKA_NAME,
  }),
};

/** All the settings there are. */
export const settings = {
  ...serviceSettings,
  ...kafkaSettings,
  regions: z.array(region).min(1).register(about, {
    meaning: 'Names of the regions, joined by commas.',
    expected: 'region names, several joined by commas',
  }),
  keys: readableFile().register(about, {
    meaning: 'File of the public keys that may sign the logs, oldest first.',
    expected: READABLE_FILE,
  }),
  producers: readableFile().optional().register(about, {
    meaning: 'File of the public keys of the producers.',
    expected: READABLE_FILE,
  }),
  signingKey: readableFile().register(about, {
    meaning: 'Ingestor: file of the private key that signs the logs.',
    expected: READABLE_FILE,
  }),
  previousSigningKey: readableFile().optional().register(about, {
    meaning: 'Ingestor: the key before, while each log changes from it to signingKey.',
    expected: READABLE_FILE,
  }),
  ingestorGroup: kafkaName().default('authseal-ingestor').register(about, {
    meaning: 'Ingestor: its consumer group.',
    expected: KAFKA_NAME,
  }),
  // 17,280 objects a day and partition at most; an event waits no longer than this for its seal.
  linger: timer().prefault('5s').register(about, {
    meaning: 'Ingestor: a batch is sealed this long after its first entry.',
    expected: TIMER,
  }),
  // The header of each batch states it in seconds.
  heartbeat: timer()
    .refine((ms) => ms % 1000 === 0)
    .prefault('5m')
    .register(about, {
      meaning: 'Ingestor: silence after which an empty batch is sealed.',
      expected: `${TIMER}, in whole seconds`,
    }),
  // No default: nobody can take a lock back, and nobody can keep too short a promise.
  retention: positive().register(about, {
    meaning: 'Ingestor: how long each batch stays locked.',
    expected: DURATION,
  }),
  region: z.string().min(1).register(about, {
    meaning: 'Archiver: the region, of those above, that it writes to.',
    expected: 'the name of one of the regions',
  }),
  archiverGroup: kafkaName().default('authseal-archiver').register(about, {
    meaning: 'Archiver: its consumer group, to which "-" and the region are added.',
    expected: KAFKA_NAME,
  }),
  maxRetention: positive().prefault('10y').register(about, {
    meaning: 'Archiver: a lock longer than this is refused, because nobody can undo it.',
    expected: DURATION,
  }),
  grace: duration.prefault('15m').register(about, {
    meaning: 'Verifier: how late a batch may reach a region.',
    expected: DURATION,
  }),
};
