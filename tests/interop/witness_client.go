// A log and a client of C2SP tlog-witness that share nothing with ours: Go's sumdb packages make tree, proofs and
// notes, Go's net/http speaks to the witness, Go's crypto verifies its cosignatures. Prints one line for each step.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, msg)
	return ed25519.Verify(c.key, []byte(signed), sig[8:])
}

func parseCosigner(vkey string) *cosigner {
	parts := strings.SplitN(vkey, "+", 3)
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	check(err)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	check(err)
	if key[0] != 4 {
		panic("not a cosigner's key")
	}
	return &cosigner{parts[0], uint32(hash), ed25519.PublicKey(key[1:])}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

type tree struct {
	hashes []tlog.Hash
	size   int64
}

func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		found = append(found, t.hashes[index])
	}
	return found, nil
}

func (t *tree) grow(data string) {
	more, err := tlog.StoredHashes(t.size, []byte(data), t)
	check(err)
	t.hashes = append(t.hashes, more...)
	t.size++
}

// "key" prints the log's vkey; "run URL WITNESS-VKEY" grows a log and has it cosigned.
func main() {
	seed := rand.New(rand.NewSource(7))
	skey, vkey, err := note.GenerateKey(seed, "proctor.training/0a1b2c3d")
	check(err)
	if os.Args[1] == "key" {
		fmt.Println(vkey)
		return
	}
	url, witness := os.Args[2], parseCosigner(os.Args[3])
	signer, err := note.NewSigner(skey)
	check(err)
	own, err := note.NewVerifier(vkey)
	check(err)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	log, fork := &tree{}, &tree{}
	for i := 0; i < 70; i++ {
		log.grow(fmt.Sprint("entry ", i))
		fork.grow(fmt.Sprint("other ", i))
	}
	old := int64(0)
	for _, size := range []int64{1, 2, 3, 6, 7, 8, 13, 32, 33, 63, 70} {
		status, body := ask(client, url, signer, log, old, size)
		fmt.Println(status)
		text, signed := checkpoint(signer, log, size)
		opened, err := note.Open(append(signed, body...), note.VerifierList(own, witness))
		check(err)
		if opened.Text != text || len(opened.Sigs) != 2 {
			panic("the cosignature is not on this checkpoint")
		}
		old = size
	}
	status, body := ask(client, url, signer, log, 8, 70)
	fmt.Println(status, strings.TrimSpace(string(body)))
	status, _ = ask(client, url, signer, fork, 70, 70)
	fmt.Println(status)
	status, _ = ask(client, url, signer, fork, 33, 64)
	fmt.Println(status)
}

func checkpoint(signer note.Signer, t *tree, size int64) (string, []byte) {
	root, err := tlog.TreeHash(size, t)
	check(err)
	text := fmt.Sprintf("%s\n%d\n%s\n", signer.Name(), size, root)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	check(err)
	return text, signed
}

func ask(client *http.Client, url string, signer note.Signer, t *tree, old, size int64) (int, []byte) {
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", old)
	if old > 0 && old < size {
		proof, err := tlog.ProveTree(size, old, t)
		check(err)
		for _, hash := range proof {
			fmt.Fprintf(&body, "%s\n", hash)
		}
	}
	_, signed := checkpoint(signer, t, size)
	body.WriteString("\n")
	body.Write(signed)
	answer, err := client.Post(url+"/add-checkpoint", "text/plain", &body)
	check(err)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	check(err)
	return answer.StatusCode, data
}
