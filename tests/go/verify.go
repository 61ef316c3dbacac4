// Verifies a published ledger, a proof of one fact and a consistency proof with Go's own transparency log packages: golang.org/x/mod/sumdb.
// Nothing of Heldto's code is used. Exits 0 only if everything is accepted.
package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

// place writes an index as C2SP tlog-tiles does.
func place(n int64, width int) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return path
}

// folder reads tiles; Go checks them against the root.
type folder string

func (f folder) Height() int { return 8 }

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(filepath.Join(string(f), "tile", strconv.Itoa(t.L), place(t.N, t.W)))
		if err != nil {
			return nil, err
		}
		if len(data) != t.W*tlog.HashSize {
			return nil, fmt.Errorf("tile %v has %d bytes", t, len(data))
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

// open reads a checkpoint signed by the verifier.
func open(data []byte, v note.Verifier) tlog.Tree {
	n, err := note.Open(data, note.VerifierList(v))
	check(err, "checkpoint")
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != v.Name() {
		check(fmt.Errorf("origin %q", lines[0]), "checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "size")
	root, err := tlog.ParseHash(lines[2])
	check(err, "root")
	return tlog.Tree{N: size, Hash: root}
}

func hashes(lines []string) []tlog.Hash {
	var all []tlog.Hash
	for _, line := range lines {
		h, err := tlog.ParseHash(line)
		check(err, "hash")
		all = append(all, h)
	}
	return all
}

func main() {
	dir, key, proofFile, consistencyFile := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	v, err := note.NewVerifier(key)
	check(err, "key")
	data, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	check(err, "checkpoint")
	tree := open(data, v)
	reader := tlog.TileHashReader(tree, folder(dir))

	// Every entry's leaf hash, out of tiles that Go has checked against the root.
	var entries [][]byte
	for start := int64(0); start < tree.N; start += 256 {
		width := int(min(256, tree.N-start))
		bundle, err := os.ReadFile(filepath.Join(dir, "tile/entries", place(start/256, width)))
		check(err, "entries")
		for i := 0; i < width; i++ {
			size := int(bundle[0])<<8 | int(bundle[1])
			entries = append(entries, bundle[2:2+size])
			bundle = bundle[2+size:]
		}
	}
	for i, entry := range entries {
		stored, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(i))})
		check(err, "tiles")
		if stored[0] != tlog.RecordHash(entry) {
			check(fmt.Errorf("entry %d is not the one in the tile", i), "entries")
		}
	}

	// The proof of one fact, as its file says.
	file, err := os.ReadFile(proofFile)
	check(err, "proof")
	parts := bytes.SplitN(file, []byte("\n\n"), 2)
	lines := strings.Split(string(parts[0]), "\n")
	_, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	check(err, "extra")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	check(err, "index")
	of := open(parts[1], v)
	check(tlog.CheckRecord(hashes(lines[3:]), of.N, of.Hash, index, tlog.RecordHash(entries[index])), "inclusion")

	// A consistency proof: old size, old root, then the hashes.
	file, err = os.ReadFile(consistencyFile)
	check(err, "consistency")
	lines = strings.Split(strings.TrimSpace(string(file)), "\n")
	old, err := strconv.ParseInt(lines[0], 10, 64)
	check(err, "old size")
	oldRoot, err := tlog.ParseHash(lines[1])
	check(err, "old root")
	check(tlog.CheckTree(hashes(lines[2:]), tree.N, tree.Hash, old, oldRoot), "consistency")
	fmt.Printf("%d entries, %d proved, consistent with %d\n", tree.N, index, old)
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}
