// Command tlog_check lets golang.org/x/mod/sumdb judge an exported log: its checkpoint, its tiles, every entry's
// inclusion, consistency with earlier sizes, and proofs that others made.
//
//	tlog_check DIR VKEY PROOFS.json
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type reader struct{ dir string }

func (r reader) Height() int { return height }

func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles reads C2SP tlog-tiles: the same paths without the tile height.
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

type proofs struct {
	Records []struct {
		Index, Size int64
		Root, Leaf  string
		Proof       []string
	}
	Trees []struct {
		Old, New         int64
		OldRoot, NewRoot string
		Proof            []string
	}
}

func must(err error, what string) {
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
}

func hash(text string) (found tlog.Hash) {
	data, err := hex.DecodeString(text)
	must(err, "hash")
	copy(found[:], data)
	return found
}

func hashes(texts []string) (found []tlog.Hash) {
	for _, text := range texts {
		found = append(found, hash(text))
	}
	return found
}

func head(dir, vkey string) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	must(err, "vkey")
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	must(err, "checkpoint")
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err, "note")
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "size")
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err, "root")
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree
}

// bodies reads the entry bundles: each entry after its length in two bytes.
func bodies(dir string, size int64) (found [][]byte) {
	for first := int64(0); first < size; first += 1 << height {
		tile := tlog.Tile{H: height, L: 0, N: first >> height, W: 1 << height}
		if size-first < 1<<height {
			tile.W = int(size - first)
		}
		path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		must(err, "entries")
		for len(data) > 0 {
			length := int(binary.BigEndian.Uint16(data))
			found = append(found, data[2:2+length])
			data = data[2+length:]
		}
	}
	return found
}

func main() {
	dir, vkey := os.Args[1], os.Args[2]
	tree := head(dir, vkey)
	hashReader := tlog.TileHashReader(tree, reader{dir})
	entries := bodies(dir, tree.N)
	if int64(len(entries)) != tree.N {
		log.Fatalf("%d entries in a tree of %d", len(entries), tree.N)
	}
	for index, body := range entries {
		proof, err := tlog.ProveRecord(tree.N, int64(index), hashReader)
		must(err, "prove record")
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(body)), "record")
	}
	for old := int64(1); old <= tree.N; old++ {
		root, err := tlog.TreeHash(old, hashReader)
		must(err, "tree hash")
		proof, err := tlog.ProveTree(tree.N, old, hashReader)
		must(err, "prove tree")
		must(tlog.CheckTree(proof, tree.N, tree.Hash, old, root), "tree")
	}
	data, err := os.ReadFile(os.Args[3])
	must(err, "proofs")
	var made proofs
	must(json.Unmarshal(data, &made), "proofs")
	for _, p := range made.Records {
		must(tlog.CheckRecord(hashes(p.Proof), p.Size, hash(p.Root), p.Index, hash(p.Leaf)), "their record")
	}
	for _, p := range made.Trees {
		must(tlog.CheckTree(hashes(p.Proof), p.New, hash(p.NewRoot), p.Old, hash(p.OldRoot)), "their tree")
	}
	fmt.Printf("%d entries, %d record proofs, %d tree proofs\n", tree.N, len(made.Records), len(made.Trees))
}
