// Command immudb appends a file of records to a store of immudb, embedded, a transaction a batch, and
// says how long that took: see ../main.ts.
//
// Each transaction is durable before the next one begins: its values, itself and the commit log are
// fsynced, in this order.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"authseal.invalid/peers/records"
	"github.com/codenotary/immudb/embedded/logger"
	"github.com/codenotary/immudb/embedded/store"
)

// How long immudb waits for others whose commits one fsync could serve. Here is but one writer, who
// would wait a quarter of the default, 20 ms, for nobody.
const syncFrequency = time.Millisecond

func appendAll(entries [][]byte, directory string, batch int, begin func()) error {
	options := store.DefaultOptions().
		WithSynced(true).
		WithSyncFrequency(syncFrequency).
		WithMaxTxEntries(batch).
		WithLogger(logger.NewSimpleLoggerWithLevel("immudb ", os.Stderr, logger.LogError))
	log, err := store.Open(directory, options)
	if err != nil {
		return err
	}
	begin()
	for from := 0; from < len(entries); from += batch {
		if err := commit(log, entries, from, min(from+batch, len(entries))); err != nil {
			return err
		}
	}
	return nil
}

// commit appends entries [from, to) in one transaction. The key of an entry is its index.
func commit(log *store.ImmuStore, entries [][]byte, from, to int) error {
	ctx := context.Background()
	tx, err := log.NewWriteOnlyTx(ctx)
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		key := binary.BigEndian.AppendUint64(nil, uint64(i))
		if err := tx.Set(key, nil, entries[i]); err != nil {
			return err
		}
	}
	// Asynchronous is but the index: this waits until the transaction is durable.
	header, err := tx.AsyncCommit(ctx)
	if err != nil {
		return err
	}
	if header.NEntries != to-from {
		return fmt.Errorf("transaction %d holds %d of %d entries", header.ID, header.NEntries, to-from)
	}
	return nil
}

func main() { records.Main(appendAll) }
