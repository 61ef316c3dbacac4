// Checks a published folder with Tessera's own fsck: main FOLDER KEY.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder, key string) error {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	// A worker that finds a fault ends; with few of them the check would then wait for ever.
	source := client.FileFetcher{Root: folder}
	return fsck.New(verifier.Name(), verifier, source, leaves, fsck.Opts{N: 64}).Check(context.Background())
}

func leaves(bundle []byte) ([][]byte, error) {
	entries := &api.EntryBundle{}
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	hashes := make([][]byte, 0, len(entries.Entries))
	for _, entry := range entries.Entries {
		hash := rfc6962.DefaultHasher.HashLeaf(entry)
		hashes = append(hashes, hash[:])
	}
	return hashes, nil
}
