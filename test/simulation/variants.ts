/**
 * Broken variants of the product, each a change of its text: the simulation must find every one of
 * them. A text that is no longer there is an error (replace.ts), so that no variant fades away.
 */
type Change = { readonly file: string; readonly from: string; readonly to: string };
export type Variant = { readonly name: string; readonly changes: readonly Change[] };

const SEALER = 'ingestor/src/sealer.ts';
const COMMITTER = 'ingestor/src/committer.ts';
const INTAKE = 'ingestor/src/intake.ts';
const INGESTOR_JOURNAL = 'ingestor/src/kafka-journal.ts';
const WRITER = 'runtime/src/kafka/transactional-writer.ts';
const BUCKET = 'runtime/src/s3/bucket.ts';
const ARCHIVE_BATCH = 'archiver/src/archive-batch.ts';
const FLIGHTS = 'archiver/src/flights.ts';
const SENDER = 'producer-sdk/src/sender.ts';

const variant = (name: string, ...changes: Change[]): Variant => ({ name, changes });

export const VARIANTS: readonly Variant[] = [
  variant('the state is committed outside the transaction of its batch', {
    file: COMMITTER,
    from: '  await writer.sendState(encodeState({ head: sealed.head, last, batchOffset, key }));\n  await writer.commit();\n',
    to: '  await writer.commit();\n  await writer.begin();\n  await writer.sendState(encodeState({ head: sealed.head, last, batchOffset, key }));\n  await writer.commit();\n',
  }),
  variant(
    'a producer is used again after a failed send',
    {
      file: INGESTOR_JOURNAL,
      from: '  return {\n    async open() {\n      const writer = await TransactionalWriter.open({',
      to: '  let kept: TransactionalWriter | null = null;\n  return {\n    async open() {\n      const writer = kept ?? await TransactionalWriter.open({',
    },
    {
      file: INGESTOR_JOURNAL,
      from: '          const results = await writer.send(topic, partition, batch);',
      to: '          kept = null;\n          const results = await writer.send(topic, partition, batch).catch(async (error) => {\n            if (/old epoch/.test(String(error))) throw error;\n            await writer.abort();\n            kept = writer;\n            throw error;\n          });',
    },
    {
      file: INGESTOR_JOURNAL,
      from: '          await Promise.all([writer.close(), stable.close()]);',
      to: '          await stable.close();\n          if (kept !== writer) await writer.close();',
    },
  ),
  variant(
    'the result of a send is not looked at',
    {
      file: COMMITTER,
      from: '  if (right) return result.offset;',
      to: '  if (right || !right) return result?.offset ?? after + 1;',
    },
    {
      file: INGESTOR_JOURNAL,
      from: '          if (first === null || (await first.isOpen)) return writer.commit();\n',
      to: '          return writer.commit();\n',
    },
  ),
  variant('of batches that are committed together, the first one is not sent', {
    file: COMMITTER,
    from: 'for (const { sealed } of batches) {',
    to: 'for (const { sealed } of batches.slice(-1)) {',
  }),
  variant('the state is that after the first of the batches that are committed together', {
    file: COMMITTER,
    from: 'const { sealed, last } = batches.at(-1) as Uncommitted;',
    to: 'const { sealed, last } = batches.at(0) as Uncommitted;',
  }),
  variant('an owner does not fence', {
    file: WRITER,
    from: '      const fence = await producer.transaction();\n      await fence.abort();\n',
    to: '',
  }),
  variant('each owner has a transactional id of its own', {
    file: INGESTOR_JOURNAL,
    from: 'transactionalId: `authseal-ingestor',
    to: 'transactionalId: Math.random() + `authseal-ingestor',
  }),
  variant('the state is read before the older owner is fenced', {
    file: SEALER,
    from: '    const writer = await takeOver(journal, origin);\n    try {\n      const position = await recoverAsOwner(journal, writer, origin, terms.keys, ({ head }) =>\n        this.#mayBelieveTopic(head.batch),\n      ).catch(',
    to: '    const unowned = null as unknown as JournalWriter;\n    const early = recoverAsOwner(journal, unowned, origin, terms.keys, () => true);\n    await early.catch(() => {});\n    const writer = await takeOver(journal, origin);\n    try {\n      const position = await early.catch(',
  }),
  variant('what a transaction left open is not ended', {
    file: 'ingestor/src/take-over.ts',
    from: '      if (highWatermark <= end) return writer;\n',
    to: '      if (highWatermark >= end) return writer;\n',
  }),
  variant('batches whose state alone was committed are not written again', {
    file: 'ingestor/src/take-over.ts',
    from: '    if (written !== null) return written;\n',
    to: '    if (written !== null) throw error;\n',
  }),
  variant('a state that misses a transaction is refused', {
    file: 'ingestor/src/take-over.ts',
    from: '    if (missed === null || !mayBelieveTopic(missed)) throw error;\n',
    to: '    throw error;\n',
  }),
  variant('a lost state is recovered from an older batch', {
    file: 'ingestor/src/our-batch.ts',
    from: 'batches.toSorted((a, b) => b.header.batch - a.header.batch)[0];',
    to: 'batches[0];',
  }),
  variant('who was replaced while it read calls a person', {
    file: SEALER,
    from: "  if (error instanceof IngestorError && error.code !== 'PRODUCE_REFUSED') {\n    await writer.begin();",
    to: '  if (error === null) {\n    await writer.begin();',
  }),
  variant('a state is believed though another batch continues its own', {
    file: 'ingestor/src/recover.ts',
    from: 'if (batches.some((batch) => batch.header.previous?.header === header)) return null;',
    to: '',
  }),
  variant('a gap in what is fetched is taken for no records', {
    file: INTAKE,
    from: '      if (fetched.fetchedOffset > this.#builder.offset) {',
    to: '      if (fetched.fetchedOffset < 0) {',
  }),
  variant('what is fetched twice is sealed twice', {
    file: INTAKE,
    from: '      if (record.offset < builder.offset) continue;\n',
    to: '',
  }),
  variant('HEAD asks for the newest version', {
    file: BUCKET,
    from: '      ...this.#version(key, versionId),\n      ChecksumMode',
    to: '      Bucket: this.region.bucket,\n      Key: key,\n      ChecksumMode',
  }),
  variant('the place is committed before HEAD has shown the object', {
    file: ARCHIVE_BATCH,
    from: '  await checkKept(key, answer.versionId, { object, sha256 }, lockUntil, store);\n  return true;',
    to: '  void checkKept(key, answer.versionId, { object, sha256 }, lockUntil, store).catch(() => {});\n  return true;',
  }),
  variant('the place is committed before PUT is answered', {
    file: FLIGHTS,
    from: "state: 'under way' as State };",
    to: "state: 'arrived' as State };",
  }),
  variant('places are committed in the order in which objects arrive', {
    file: FLIGHTS,
    from: 'const arrived = this.#flights.slice(0, missing < 0 ? this.#flights.length : missing);',
    to: "const arrived = this.#flights.filter(({ state }) => state === 'arrived');",
  }),
  variant('what was written outside a transaction is archived', {
    file: 'archiver/src/partition.ts',
    from: '      if (!inTransaction) throw outsideTransaction(origin);\n',
    to: '',
  }),
  variant('a key that is taken counts as archived', {
    file: ARCHIVE_BATCH,
    from: "  if (answer.outcome === 'exists') return false;",
    to: "  if (answer.outcome === 'exists') return true;",
  }),
  variant('our bytes count as archived without a lock', {
    file: ARCHIVE_BATCH,
    from: "    if (head === null || !hasBytes(head, batch) || head.mode !== 'COMPLIANCE') continue;\n    if (isLockedUntil(head, retainUntil)) return 'found';",
    to: "    if (head === null || !hasBytes(head, batch)) continue;\n    return 'found';",
  }),
  variant('an object is locked for a day', {
    file: ARCHIVE_BATCH,
    from: 'Math.max(retainUntil, clock.now() + MIN_LOCK)',
    to: '(clock.now() + MIN_LOCK)',
  }),
  variant('a batch that S3 refused is passed over', {
    file: ARCHIVE_BATCH,
    from: 'persist(archive, signal, () => tryOnce(batch, key, archive, lookFirst));',
    to: "persist(archive, signal, () => tryOnce(batch, key, archive, lookFirst).catch(() => 'found'));",
  }),
  variant('a flush is sent while another is under way', {
    file: SENDER,
    from: '    if (!sending) void sendAll();',
    to: '    void sendAll();',
  }),
  variant('a flush that failed is given up and the next one sent', {
    file: SENDER,
    from: '        endChannel();\n        if (abandoned) return null;\n        const retryInMs',
    to: '        if (!abandoned) return { partition: 0, firstOffset: 0 };\n        const retryInMs',
  }),
];
