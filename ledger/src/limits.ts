/** Limits of the format. All sizes in bytes. */

/** An entry's bytes above this are hashed first and the hash stands in the leaf (C2SP tlog-tiles bundles entries with a 16-bit length). */
export const MAX_PLAIN_LEAF = 65_535;

/** A header is a leaf of its own and stays a plain one. */
export const MAX_HEADER = 65_534;

/** A batch is sealed before its entries would pass this. */
export const MAX_BATCH_ENTRIES_BYTES = 4 * 1024 * 1024;

/** A batch is sealed at this many entries; none with more is read, which bounds a reader's memory. */
export const MAX_BATCH_COUNT = 20_000;

/** One entry: of a 1 MiB record, its value twice (as it came and re-encoded), or header names three times (a byte that is no UTF-8 is read as three). None larger is sealed or read. */
export const MAX_ENTRY = 3_300_000;

/** A whole object, and its entries decompressed; also what `auth-batches` takes. */
export const MAX_OBJECT = 8 * 1024 * 1024;

/** Signature lines of one note: as golang.org/x/mod/sumdb/note. */
export const MAX_NOTE_SIGNATURES = 100;

/** A signed note, text and signatures: as golang.org/x/mod/sumdb/note. */
export const MAX_NOTE = 1_000_000;

/** Latest time, of records and of batches, that other readers can show: the last millisecond of the year 9999. */
export const MAX_TIMESTAMP = 253_402_300_799_999;
