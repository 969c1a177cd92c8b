/** The model and the real gateway behind one face: the commands of the AWS SDK. */
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { startServers } from '@authseal/deploy/local';
import * as aws from '@aws-sdk/client-s3';
import { type Losing, loseAnswers } from '../lose-answer.ts';
import { Process, runIn, World } from '../world.ts';
import * as model from './client.ts';
import { BucketModel } from './model.ts';

/** What an answer may hold of what is asked about. */
type Answer = {
  VersionId?: string;
  ContentLength?: number;
  ChecksumSHA256?: string;
  ObjectLockMode?: string;
  ObjectLockRetainUntilDate?: Date;
  Retention?: { Mode?: string; RetainUntilDate?: Date };
  Versions?: { Key?: string; VersionId?: string; IsLatest?: boolean; Size?: number }[];
  DeleteMarkers?: { Key?: string; VersionId?: string; IsLatest?: boolean }[];
};

export type Side = {
  /** Sends the command of that name; `Bucket` is filled in. */
  send(command: string, input: object): Promise<Answer>;
  /** The next answer does not arrive. */
  loseAnswer(): void;
  /** Somebody hides a key. */
  hide(key: string): Promise<void>;
  close(): Promise<void>;
};

type Client = { send(command: object): Promise<Answer> };
type Commands = Record<string, new (input: object) => object>;

export async function modelSide(): Promise<Side> {
  const world = new World(1);
  world.isCalm = true;
  const bucket = new BucketModel();
  const process = new Process('test', 'test');
  const client = new model.S3Client() as unknown as Client;
  const commands = model as unknown as Commands;
  return {
    async send(command, input) {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      runIn(world);
      model.useBucket(bucket);
      const ask = () =>
        void client.send(new (commands[command] as Commands[string])(input)).then(resolve, reject);
      await world.enter(process, ask);
      while (await world.step());
      return promise;
    },
    loseAnswer() {
      world.nextFate = 'unanswered';
    },
    async hide(key) {
      const lock = { mode: null, retainUntil: null };
      bucket.add(key, { body: Buffer.alloc(0), isDeleteMarker: true, checksum: null, ...lock });
    },
    async close() {
      runIn(null);
      model.useBucket(null);
    },
  };
}

export async function realSide(): Promise<Side> {
  const servers = await startServers({ regions: ['eu-central-1'], report: () => {} });
  const [region] = servers.regions;
  if (region === undefined) throw new Error('no region was served');
  const { name, endpoint, bucket: Bucket, accessKeyId, secretAccessKey } = region;
  const credentials = { accessKeyId, secretAccessKey };
  const losing: Losing = { isLosing: false };
  const sdk = new aws.S3Client({
    ...{ region: name, endpoint, credentials, forcePathStyle: true, maxAttempts: 1 },
    requestHandler: { httpAgent: new LosingAgent(losing) },
  });
  const client = sdk as unknown as Client;
  const commands = aws as unknown as Commands;
  const send = (command: string, input: object) =>
    client.send(new (commands[command] as Commands[string])({ Bucket, ...input }));
  return {
    send,
    loseAnswer() {
      losing.isLosing = true;
    },
    hide: async (Key) => void (await send('DeleteObjectCommand', { Key })),
    async close() {
      sdk.destroy();
      await servers.stop();
    },
  };
}

class LosingAgent extends Agent {
  readonly #losing: Losing;

  constructor(losing: Losing) {
    super({ keepAlive: true });
    this.#losing = losing;
  }

  override createConnection(...how: Parameters<Agent['createConnection']>) {
    return loseAnswers(super.createConnection(...how) as Socket, this.#losing);
  }
}
