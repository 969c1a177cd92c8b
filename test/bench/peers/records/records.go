// Package records is what the peers of this folder share: they read a file of records, append them
// all, and say how long that took.
package records

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"
)

const usage = "expected arguments: <file of records> <directory> <batch size>"

// An Append appends all entries in order and returns when each of them is durable and committed. It
// calls begin when all is open, before the first entry.
type Append func(entries [][]byte, directory string, batch int, begin func()) error

// Main runs a peer with the arguments of the process, and ends it.
func Main(appendAll Append) {
	if err := run(appendAll); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(appendAll Append) error {
	if len(os.Args) != 4 {
		return fmt.Errorf("%s", usage)
	}
	batch, err := strconv.Atoi(os.Args[3])
	if err != nil || batch < 1 {
		return fmt.Errorf("%s; %q is no batch size", usage, os.Args[3])
	}
	entries, err := read(os.Args[1])
	if err != nil {
		return err
	}
	var from time.Time
	if err := appendAll(entries, os.Args[2], batch, func() { from = time.Now() }); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"seconds": time.Since(from).Seconds(),
		"entries": len(entries),
	})
}

// read splits a file of records, each of which stands behind its length, four bytes big-endian.
func read(file string) ([][]byte, error) {
	bytes, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(bytes) > 0 {
		if len(bytes) < 4 || uint64(len(bytes)-4) < uint64(binary.BigEndian.Uint32(bytes)) {
			return nil, fmt.Errorf("%s ends within record %d", file, len(entries))
		}
		end := 4 + int(binary.BigEndian.Uint32(bytes))
		entries = append(entries, bytes[4:end:end])
		bytes = bytes[end:]
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("%s holds no record", file)
	}
	return entries, nil
}
