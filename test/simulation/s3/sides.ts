/** The model and the real gateway behind one face: the commands of the AWS SDK. */
import { startServers } from '@authseal/deploy/local';
import * as aws from '@aws-sdk/client-s3';
import { Process, runIn, World } from '../world.ts';
import * as model from './client.ts';
import { BucketModel } from './model.ts';

/** What an answer may hold of what is asked about. */
export type Answer = {
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
  const sdk = new aws.S3Client({ region: name, endpoint, credentials, forcePathStyle: true });
  const client = sdk as unknown as Client;
  const commands = aws as unknown as Commands;
  const send = (command: string, input: object) =>
    client.send(new (commands[command] as Commands[string])({ Bucket, ...input }));
  return {
    send,
    hide: async (Key) => void (await send('DeleteObjectCommand', { Key })),
    async close() {
      sdk.destroy();
      await servers.stop();
    },
  };
}
