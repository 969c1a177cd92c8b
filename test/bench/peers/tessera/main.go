// Command tessera appends a file of records to a log of Tessera, in files (its POSIX driver), and says
// how long that took: see ../main.ts.
//
// Each batch is durable before the next one is written: its entries and tiles are written with
// O_SYNC, and their folders fsynced. No deduplication, no witnesses. The end is a signed checkpoint
// over all entries; Tessera publishes one each 100 ms at most, so up to 0.3 s go by waiting for the last
// batch to come of age and for that checkpoint: few events make it slower than it is.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"authseal.invalid/peers/records"
	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

const (
	origin = "authseal.invalid/peers"
	// The last batch is not full and is taken after so long; those before it are full long before.
	batchAge = 100 * time.Millisecond
	// The shortest that the driver takes.
	checkpointInterval = 100 * time.Millisecond
	// How often the checkpoint is looked at once all entries are integrated.
	pollInterval = time.Millisecond
	// Long enough for a checkpoint that is published each 100 ms.
	patience = time.Minute
)

func appendAll(entries [][]byte, directory string, batch int, begin func()) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signer, verifier, err := newKey()
	if err != nil {
		return err
	}
	driver, err := posix.New(ctx, posix.Config{Path: directory})
	if err != nil {
		return err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(uint(batch), batchAge).
		WithCheckpointInterval(checkpointInterval)
	appender, _, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return err
	}
	begin()
	futures := make([]tessera.IndexFuture, len(entries))
	for i, entry := range entries {
		futures[i] = appender.Add(ctx, tessera.NewEntry(entry))
	}
	for i, future := range futures {
		index, err := future()
		if err != nil {
			return err
		}
		if index.Index != uint64(i) {
			return fmt.Errorf("record %d stands at index %d", i, index.Index)
		}
	}
	return untilPublished(ctx, reader, verifier, uint64(len(entries)))
}

func newKey() (note.Signer, note.Verifier, error) {
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return nil, nil, err
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		return nil, nil, err
	}
	verifier, err := note.NewVerifier(public)
	return signer, verifier, err
}

// untilPublished returns when a signed checkpoint covers size entries.
func untilPublished(ctx context.Context, reader tessera.LogReader, verifier note.Verifier, size uint64) error {
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(pollInterval) {
		signed, err := reader.ReadCheckpoint(ctx)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		checkpoint, _, _, err := log.ParseCheckpoint(signed, origin, verifier)
		if err != nil {
			return err
		}
		if checkpoint.Size == size {
			return nil
		}
	}
	return fmt.Errorf("no checkpoint covers %d entries within %v", size, patience)
}

func main() { records.Main(appendAll) }
