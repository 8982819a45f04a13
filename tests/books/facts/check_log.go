// Checks an exported log with golang.org/x/mod/sumdb alone: usage check_log FOLDER VKEY.
//
// The signed note must verify; every entry must hash to the leaf that tiles, themselves held to
// the signed root, have at its place; some inclusion and consistency proofs must hold.
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

type folder string

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		data, err := f.readTile(tile)
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func (f folder) readTile(tile tlog.Tile) ([]byte, error) {
	path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
	data, err := os.ReadFile(filepath.Join(string(f), path))
	if err == nil || tile.W == 256 {
		return data, err
	}
	// A full tile has the partial ones in it.
	full := tile
	full.W = 256
	path = strings.Replace(full.Path(), "tile/8/", "tile/", 1)
	data, err = os.ReadFile(filepath.Join(string(f), path))
	if err != nil {
		return nil, err
	}
	return data[:tile.W*32], nil
}

func fail(what string, err error) {
	if err != nil {
		fmt.Println(what+":", err)
		os.Exit(1)
	}
}

func main() {
	log := folder(os.Args[1])
	text, err := os.ReadFile(filepath.Join(string(log), "checkpoint"))
	fail("checkpoint", err)
	verifier, err := note.NewVerifier(os.Args[2])
	fail("vkey", err)
	signed, err := note.Open(text, note.VerifierList(verifier))
	fail("note", err)
	lines := strings.Split(signed.Text, "\n")
	if lines[0] != verifier.Name() {
		fail("origin", fmt.Errorf("it is %s", lines[0]))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	fail("size", err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	fail("root", err)
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	reader := tlog.TileHashReader(tree, log)
	for start := int64(0); start < size; start += 256 {
		checkBundle(log, reader, start, size)
	}
	for _, index := range []int64{0, 1, 255, 256, size / 2, size - 1} {
		proof, err := tlog.ProveRecord(size, index, reader)
		fail("inclusion", err)
		leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		fail("leaf", err)
		fail("inclusion", tlog.CheckRecord(proof, size, tree.Hash, index, leaf[0]))
	}
	old := size*383/1000 + 1
	oldRoot, err := tlog.TreeHash(old, reader)
	fail("old root", err)
	proof, err := tlog.ProveTree(size, old, reader)
	fail("consistency", err)
	fail("consistency", tlog.CheckTree(proof, size, tree.Hash, old, oldRoot))
	fmt.Println("checked", size)
}

func checkBundle(log folder, reader tlog.HashReader, start, size int64) {
	width := size - start
	if width > 256 {
		width = 256
	}
	tile := tlog.Tile{H: 8, L: -1, N: start / 256, W: int(width)}
	path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(string(log), path))
	fail("bundle", err)
	var indices []int64
	for index := start; index < start+width; index++ {
		indices = append(indices, tlog.StoredHashIndex(0, index))
	}
	hashes, err := reader.ReadHashes(indices)
	fail("tiles", err)
	for place, hash := range hashes {
		if len(data) < 2 {
			fail(path, fmt.Errorf("it ends early"))
		}
		length := int(data[0])<<8 | int(data[1])
		if len(data) < 2+length {
			fail(path, fmt.Errorf("an entry ends after it"))
		}
		found := tlog.RecordHash(data[2 : 2+length])
		if !bytes.Equal(found[:], hash[:]) {
			fail(path, fmt.Errorf("entry %d has another hash", start+int64(place)))
		}
		data = data[2+length:]
	}
	if len(data) != 0 {
		fail(path, fmt.Errorf("it goes on after its entries"))
	}
}
